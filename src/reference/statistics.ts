/** Twin of assembly/statistics.ts. */
import type { Views } from "../heap.ts";
import { CHUNK, chunkDeviations } from "./chunk.ts";
import { mulAdd, f32 as round } from "./lanes.ts";

export function sumDeviations(memory: Views, x: number, n: number, mean: number): number {
  let total = 0;
  for (let start = 0; start < n; start += CHUNK) {
    total += chunkDeviations(memory, x + 4 * start, Math.min(CHUNK, n - start), mean);
  }
  return total;
}

export function inverseDeviation(variance: number, eps: number): number {
  return round(1 / Math.sqrt(variance + round(eps)));
}

/** The two parts of a mean. */
export function split(mean: number): [number, number] {
  return [round(mean), round(mean - round(mean))];
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
