/** Twin of assembly/loss/metric.ts. */
import type { Views } from "../../../memory/heap.ts";
import { scale } from "../elementwise.ts";
import { sumAbs, sumSquares } from "../fold.ts";
import { atLeast, f32 as round, sign, weigh } from "../lanes.ts";

export function contrastive(
  memory: Views,
  x1: number,
  x2: number,
  labels: number,
  losses: number,
  gradient1: number,
  gradient2: number,
  rows: number,
  columns: number,
  margin: number,
  similar: number,
  dissimilar: number,
  by: number,
): void {
  const { f32 } = memory;
  for (let i = 0; i < rows; i++) {
    const at = i * columns;
    for (let j = at; j < at + columns; j++) f32[(gradient1 >>> 2) + j] = f32[(x1 >>> 2) + j]! - f32[(x2 >>> 2) + j]!;
    const square = round(sumSquares(memory, gradient1 + 4 * at, columns));
    const d = round(Math.sqrt(square));
    const gap = atLeast(round(round(margin) - d), 0);
    const label = f32[(labels >>> 2) + i]!;
    const together = round(round(similar) * round(1 - label));
    const apart = round(round(dissimilar) * label);
    f32[(losses >>> 2) + i] = weigh(together, square) + weigh(apart, round(gap * gap));
    const push = d === 0 ? 0 : round(round(apart * gap) / d);
    const slope = round(round(by) * round(2 * round(together - push)));
    scale(memory, gradient1 + 4 * at, gradient2 + 4 * at, columns, -slope);
    scale(memory, gradient1 + 4 * at, gradient1 + 4 * at, columns, slope);
  }
}

const SQUARE = 0;
const MANHATTAN = 1;

function distance(memory: Views, difference: number, columns: number, form: number): number {
  if (form === MANHATTAN) return sumAbs(memory, difference, columns);
  const square = sumSquares(memory, difference, columns);
  return form === SQUARE ? square : Math.sqrt(square);
}

function slopeOf(distance: number, form: number): number {
  if (form === SQUARE) return 2;
  if (form === MANHATTAN) return 1;
  return distance === 0 ? 0 : round(1 / distance);
}

export function triplet(
  memory: Views,
  a: number,
  p: number,
  n: number,
  losses: number,
  gradientA: number,
  gradientP: number,
  gradientN: number,
  rows: number,
  columns: number,
  form: number,
  swap: number,
  margin: number,
  eps: number,
  by: number,
): void {
  const { f32 } = memory;
  const [shift, scaled] = [round(eps), round(by)];
  for (let i = 0; i < rows; i++) {
    const offset = 4 * i * columns;
    const [w, u, v] = [gradientA, gradientP, gradientN].map((gradient) => (gradient + offset) >>> 2) as [
      number,
      number,
      number,
    ];
    for (let j = 0; j < columns; j++) {
      const [anchor, positive, negative] = [a, p, n].map((array) => f32[((array + offset) >>> 2) + j]!) as [
        number,
        number,
        number,
      ];
      f32[u + j] = round(anchor - positive) + shift;
      f32[v + j] = round(anchor - negative) + shift;
      f32[w + j] = round(positive - negative) + shift;
    }
    const near = distance(memory, 4 * u, columns, form);
    const direct = distance(memory, 4 * v, columns, form);
    const other = swap === 1 ? distance(memory, 4 * w, columns, form) : direct;
    const swapped = other < direct;
    const far = swapped ? other : direct;
    const hinge = near - far + round(margin);
    f32[(losses >>> 2) + i] = Math.max(hinge, 0);
    const pull = round(scaled * slopeOf(near, form));
    const away = round(scaled * slopeOf(far, form));
    for (let j = 0; j < columns; j++) {
      const [x, y, z] = [u, v, w].map((at) => (form === MANHATTAN ? sign(f32[at + j]!) : f32[at + j]!)) as [
        number,
        number,
        number,
      ];
      const [toPositive, toNegative, between] = [
        round(pull * x),
        round((swapped ? 0 : away) * y),
        round((swapped ? away : 0) * z),
      ];
      f32[w + j] = hinge <= 0 ? 0 : toPositive - toNegative;
      f32[u + j] = hinge <= 0 ? 0 : 0 - round(toPositive + between);
      f32[v + j] = hinge <= 0 ? 0 : toNegative + between;
    }
  }
}
