/** Twin of assembly/matrix/gemm.ts: the same chain of operations for each element of C, without the blocking. */
import type { Views } from "../../../memory/heap.ts";
import { fill, scale } from "../elementwise.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

const DEPTH = 256;

export function gemm(
  memory: Views,
  a: number,
  b: number,
  c: number,
  _work: number,
  m: number,
  n: number,
  k: number,
  aRow: number,
  aColumn: number,
  bRow: number,
  bColumn: number,
  alpha: number,
  beta: number,
): void {
  const { f32 } = memory;
  const by = round(alpha);
  if (round(beta) === 0) fill(memory, c, m * n, 0);
  else if (round(beta) !== 1) scale(memory, c, c, m * n, beta);
  for (let first = 0; first < k; first += DEPTH) {
    const last = Math.min(first + DEPTH, k);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let s = 0;
        for (let l = first; l < last; l++) {
          s = mulAdd(f32[(a >>> 2) + i * aRow + l * aColumn]!, f32[(b >>> 2) + l * bRow + j * bColumn]!, s);
        }
        const to = (c >>> 2) + i * n + j;
        f32[to] = mulAdd(by, s, f32[to]!);
      }
    }
  }
}
