/** Twin of assembly/statistics.ts. */
import type { Views } from "../../memory/heap.ts";
import { mulAdd, f32 as round } from "./lanes.ts";

/** sum (x_i - shift) and sum (x_i - shift)^2 */
export function moments({ f32 }: Views, x: number, n: number, shift: number): [number, number] {
  const s = new Float64Array(4);
  const q = new Float64Array(4);
  for (let i = 0; i < n; i++) {
    const d = f32[(x >>> 2) + i]! - shift;
    s[i & 3]! += d;
    q[i & 3]! += d * d;
  }
  return [s[0]! + s[1]! + (s[2]! + s[3]!), q[0]! + q[1]! + (q[2]! + q[3]!)];
}

export function inverseDeviation(variance: number, eps: number): number {
  return round(1 / Math.sqrt(variance + round(eps)));
}

/** The mean in two parts and 1 / deviation, and then the biased variance. */
export function statisticsOf(
  shift: number,
  [total, squares]: readonly [number, number],
  count: number,
  eps: number,
): [number, number, number, number] {
  const distance = total / count;
  const mean = shift + distance;
  const variance = Math.max(0, squares / count - distance * distance);
  return [round(mean), round(mean - round(mean)), inverseDeviation(variance, eps), variance];
}

export function centred(x: number, mean: number, low: number): number {
  return round(round(x - mean) - low);
}

export function normalised(x: number, mean: number, low: number, gain: number, bias: number): number {
  return mulAdd(centred(x, mean, low), gain, bias);
}

export function throughNormal(g: number, n: number, m1: number, m2: number, rstd: number): number {
  return round(rstd * round(round(g - m1) - round(n * m2)));
}

export function addTotals({ f32, f64 }: Views, acc: number, y: number, n: number): void {
  for (let i = 0; i < n; i++) f32[(y >>> 2) + i]! += round(f64[(acc >>> 3) + i]!);
}
