/** Twin of assembly/gradients/adaptiveClip.ts. */
import type { Views } from "../../../memory/heap.ts";
import { scale } from "../elementwise.ts";
import { sumSquares } from "../fold.ts";
import { f32 as round } from "../lanes.ts";

export function adaptiveClip(
  memory: Views,
  p: number,
  g: number,
  rows: number,
  columns: number,
  clipping: number,
  eps: number,
): number {
  let clipped = 0;
  for (let i = 0; i < rows; i++) {
    const row = 4 * i * columns;
    const most = round(clipping) * Math.max(Math.sqrt(sumSquares(memory, p + row, columns)), round(eps));
    const norm = Math.sqrt(sumSquares(memory, g + row, columns));
    if (norm < most) continue;
    scale(memory, g + row, g + row, columns, most / Math.max(norm, 1e-6));
    clipped++;
  }
  return clipped;
}
