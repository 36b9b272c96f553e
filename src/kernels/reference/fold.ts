/** Twin of assembly/fold.ts. */
import type { Views } from "../../memory/heap.ts";
import { CHUNK, chunkDot, chunkSum, chunkSumAbs } from "./chunk.ts";

/** Adds the sums of n elements' chunks in order; `chunk` takes the byte offset of one and its elements. */
function fold(n: number, chunk: (offset: number, length: number) => number): number {
  let total = 0;
  for (let start = 0; start < n; start += CHUNK) total += chunk(4 * start, Math.min(CHUNK, n - start));
  return total;
}

export function sum(memory: Views, x: number, n: number): number {
  return fold(n, (offset, length) => chunkSum(memory, x + offset, length));
}

export function sumAbs(memory: Views, x: number, n: number): number {
  return fold(n, (offset, length) => chunkSumAbs(memory, x + offset, length));
}

export function dot(memory: Views, x: number, y: number, n: number): number {
  return fold(n, (offset, length) => chunkDot(memory, x + offset, y + offset, length));
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

export function firstNotBelow({ f32 }: Views, x: number, n: number, limit: number): number {
  limit = Math.fround(limit);
  for (let i = 0; i < n; i++) if (!(Math.abs(f32[(x >>> 2) + i]!) < limit)) return i;
  return -1;
}
