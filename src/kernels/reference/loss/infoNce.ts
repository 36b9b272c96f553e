/** Twin of assembly/loss/infoNce.ts. */
import type { Views } from "../../../memory/heap.ts";
import { scale } from "../elementwise.ts";
import { dot, sumSquares } from "../fold.ts";
import { atLeast, f32 as round } from "../lanes.ts";

export function unitRows(
  memory: Views,
  x: number,
  y: number,
  norms: number,
  rows: number,
  columns: number,
  eps: number,
): void {
  for (let i = 0; i < rows; i++) {
    const at = 4 * i * columns;
    const norm = atLeast(round(Math.sqrt(sumSquares(memory, x + at, columns))), round(eps));
    memory.f32[(norms >>> 2) + i] = norm;
    scale(memory, x + at, y + at, columns, 1 / norm);
  }
}

export function unitRowsBackward(
  memory: Views,
  y: number,
  norms: number,
  dy: number,
  dx: number,
  rows: number,
  columns: number,
  eps: number,
): void {
  const { f32 } = memory;
  for (let i = 0; i < rows; i++) {
    const at = 4 * i * columns;
    const norm = f32[(norms >>> 2) + i]!;
    const along = norm > round(eps) ? round(dot(memory, y + at, dy + at, columns)) : 0;
    const inverse = round(1 / norm);
    for (let j = 0; j < columns; j++) {
      const across = round(f32[((dy + at) >>> 2) + j]! - round(along * f32[((y + at) >>> 2) + j]!));
      f32[((dx + at) >>> 2) + j] = inverse * across;
    }
  }
}
