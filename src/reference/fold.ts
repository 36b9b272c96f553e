/** Twin of assembly/fold.ts: the same order of additions, in float64. */
import type { Views } from "../heap.ts";

const CHUNK = 1024;

/** Adds `term(0)` to `term(n - 1)` in the canonical order. */
function fold(n: number, term: (i: number) => number): number {
  let total = 0;
  const partial = new Float64Array(8);
  for (let start = 0; start < n || start === 0; start += CHUNK) {
    partial.fill(0);
    const end = Math.min(start + CHUNK, n);
    for (let i = start; i < end; i++) partial[i & 7]! += term(i);
    const [a, b, c, d, e, f, g, h] = partial as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    total += a + b + (c + d) + (e + f + (g + h));
  }
  return total;
}

export function sum({ f32 }: Views, x: number, n: number): number {
  return fold(n, (i) => f32[(x >>> 2) + i]!);
}

export function sumAbs({ f32 }: Views, x: number, n: number): number {
  return fold(n, (i) => Math.abs(f32[(x >>> 2) + i]!));
}

export function dot({ f32 }: Views, x: number, y: number, n: number): number {
  return fold(n, (i) => f32[(x >>> 2) + i]! * f32[(y >>> 2) + i]!);
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
