/** Twin of assembly/fold.ts: the same order of additions, in float64. */
import type { Views } from "../heap.ts";
import { CHUNK, chunkDot, chunkSum, chunkSumAbs } from "./chunk.ts";

/** Adds what `sumOf` makes of each chunk, given its first element and its length, in order. */
function fold(n: number, sumOf: (start: number, length: number) => number): number {
  let total = 0;
  let start = 0;
  for (; n - start > CHUNK; start += CHUNK) total += sumOf(start, CHUNK);
  return total + sumOf(start, n - start);
}

export function sum(memory: Views, x: number, n: number): number {
  return fold(n, (start, length) => chunkSum(memory, x + 4 * start, length));
}

export function sumAbs(memory: Views, x: number, n: number): number {
  return fold(n, (start, length) => chunkSumAbs(memory, x + 4 * start, length));
}

export function dot(memory: Views, x: number, y: number, n: number): number {
  return fold(n, (start, length) => chunkDot(memory, x + 4 * start, y + 4 * start, length));
}

export function sumSquares(memory: Views, x: number, n: number): number {
  return dot(memory, x, x, n);
}

export function maxAbs({ f32 }: Views, x: number, n: number): number {
  let most = 0;
  for (let i = 0; i < n; i++) most = Math.max(most, Math.abs(f32[(x >>> 2) + i]!));
  return most;
}

export function countNonFinite({ f32 }: Views, x: number, n: number): number {
  let count = 0;
  for (let i = 0; i < n; i++) if (!Number.isFinite(f32[(x >>> 2) + i])) count++;
  return count;
}

export function firstOutOfRange({ u32 }: Views, index: number, n: number, bound: number): number {
  for (let i = 0; i < n; i++) if (u32[(index >>> 2) + i]! >= bound >>> 0) return i;
  return -1;
}
