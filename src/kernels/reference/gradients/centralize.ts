/** Twin of assembly/gradients/centralize.ts. */
import type { Views } from "../../../memory/heap.ts";
import { sum } from "../fold.ts";
import { f32 as round } from "../lanes.ts";

export function centralize(memory: Views, g: number, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    const row = g + 4 * i * columns;
    const mean = round(sum(memory, row, columns) / columns);
    for (let j = 0; j < columns; j++) memory.f32[(row >>> 2) + j]! -= mean;
  }
}
