/** Twin of assembly/layer/softmax.ts. */
import type { Views } from "../../../memory/heap.ts";
import { scale } from "../elementwise.ts";
import { dot, sum } from "../fold.ts";
import { f32 as round } from "../lanes.ts";
import { largest, scaledExp } from "../softmaxRow.ts";

export function softmaxRows(memory: Views, x: number, y: number, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    const from = x + 4 * i * columns;
    const to = y + 4 * i * columns;
    scaledExp(memory, from, to, columns, largest(memory, from, columns), 1);
    scale(memory, to, to, columns, 1 / round(sum(memory, to, columns)));
  }
}

export function softmaxRowsBackward(
  memory: Views,
  y: number,
  dy: number,
  dx: number,
  rows: number,
  columns: number,
): void {
  const { f32 } = memory;
  for (let i = 0; i < rows; i++) {
    const at = i * columns;
    const mean = round(dot(memory, y + 4 * at, dy + 4 * at, columns));
    for (let j = at; j < at + columns; j++) {
      f32[(dx >>> 2) + j] = f32[(y >>> 2) + j]! * round(f32[(dy >>> 2) + j]! - mean);
    }
  }
}
