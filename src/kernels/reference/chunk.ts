/** Twin of assembly/chunk.ts: the same order of additions, in float64. */
import type { Views } from "../../memory/heap.ts";

/** Elements of a chunk. */
export const CHUNK = 1024;

/** Adds `term(0)` to `term(n - 1)`. */
function chunk(n: number, term: (i: number) => number): number {
  const partial = new Float64Array(8);
  for (let i = 0; i < n; i++) partial[i & 7]! += term(i);
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
  return a + b + (c + d) + (e + f + (g + h));
}

export function chunkSum({ f32 }: Views, x: number, n: number): number {
  return chunk(n, (i) => f32[(x >>> 2) + i]!);
}

export function chunkSumAbs({ f32 }: Views, x: number, n: number): number {
  return chunk(n, (i) => Math.abs(f32[(x >>> 2) + i]!));
}

export function chunkDot({ f32 }: Views, x: number, y: number, n: number): number {
  return chunk(n, (i) => f32[(x >>> 2) + i]! * f32[(y >>> 2) + i]!);
}

export function addValues({ f32, f64 }: Views, x: number, acc: number, n: number): void {
  for (let i = 0; i < n; i++) f64[(acc >>> 3) + i]! += f32[(x >>> 2) + i]!;
}

export function addProducts({ f32, f64 }: Views, x: number, y: number, acc: number, n: number): void {
  for (let i = 0; i < n; i++) f64[(acc >>> 3) + i]! += f32[(x >>> 2) + i]! * f32[(y >>> 2) + i]!;
}

export function addSquares(memory: Views, x: number, acc: number, n: number): void {
  addProducts(memory, x, x, acc, n);
}
