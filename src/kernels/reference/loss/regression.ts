/** Twin of assembly/loss/regression.ts. */
import type { Views } from "../../../memory/heap.ts";
import { f32 as round, sign } from "../lanes.ts";

/** Gives each element the loss and the gradient that `fn` makes of the difference. */
function map(
  { f32 }: Views,
  [x, t, losses, gradient]: readonly [number, number, number, number],
  n: number,
  fn: (d: number) => readonly [number, number],
): void {
  for (let i = 0; i < n; i++) {
    const [loss, slope] = fn(round(f32[(x >>> 2) + i]! - f32[(t >>> 2) + i]!));
    f32[(losses >>> 2) + i] = loss;
    f32[(gradient >>> 2) + i] = slope;
  }
}

export function mse(
  memory: Views,
  x: number,
  t: number,
  losses: number,
  gradient: number,
  n: number,
  scale: number,
): void {
  map(memory, [x, t, losses, gradient], n, (d) => [d * d, round(scale) * round(d + d)]);
}

export function l1(
  memory: Views,
  x: number,
  t: number,
  losses: number,
  gradient: number,
  n: number,
  scale: number,
): void {
  map(memory, [x, t, losses, gradient], n, (d) => [Math.abs(d), round(scale) * sign(d)]);
}

export function huber(
  memory: Views,
  x: number,
  t: number,
  losses: number,
  gradient: number,
  n: number,
  bound: number,
  square: number,
  linear: number,
  scale: number,
): void {
  const [limit, curvature, steepness, by] = [bound, square, linear, scale].map(round) as [
    number,
    number,
    number,
    number,
  ];
  map(memory, [x, t, losses, gradient], n, (d) => {
    const a = Math.abs(d);
    if (a > limit) return [steepness * round(a - round(limit * 0.5)), by * round(steepness * sign(d))];
    const slope = round(curvature * d);
    return [slope * d, by * round(slope + slope)];
  });
}
