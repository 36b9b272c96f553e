/** Twin of assembly/loss/likelihood.ts. */
import type { Views } from "../../../memory/heap.ts";
import { atLeast, f32 as round, sign } from "../lanes.ts";
import { log } from "../math.ts";

export function gaussianNll(
  { f32 }: Views,
  x: number,
  t: number,
  variance: number,
  losses: number,
  gradient: number,
  gradientVariance: number,
  n: number,
  eps: number,
  constant: number,
  scale: number,
): void {
  for (let i = 0; i < n; i++) {
    const d = round(f32[(x >>> 2) + i]! - f32[(t >>> 2) + i]!);
    const v = atLeast(f32[(variance >>> 2) + i]!, round(eps));
    const r = round(d / v);
    const dr = round(d * r);
    f32[(losses >>> 2) + i] = round(0.5 * round(log(v) + dr)) + round(constant);
    f32[(gradient >>> 2) + i] = round(scale) * r;
    f32[(gradientVariance >>> 2) + i] = round(scale) * round(round(0.5 * round(1 - dr)) / v);
  }
}

export function laplaceNll(
  { f32 }: Views,
  x: number,
  t: number,
  width: number,
  losses: number,
  gradient: number,
  gradientWidth: number,
  n: number,
  eps: number,
  constant: number,
  scale: number,
): void {
  for (let i = 0; i < n; i++) {
    const d = round(f32[(x >>> 2) + i]! - f32[(t >>> 2) + i]!);
    const b = atLeast(f32[(width >>> 2) + i]!, round(eps));
    const r = round(Math.abs(d) / b);
    f32[(losses >>> 2) + i] = round(log(b) + r) + round(constant);
    f32[(gradient >>> 2) + i] = round(scale) * round(sign(d) / b);
    f32[(gradientWidth >>> 2) + i] = round(scale) * round(round(1 - r) / b);
  }
}
