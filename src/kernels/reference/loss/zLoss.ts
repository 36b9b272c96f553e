/** Twin of assembly/loss/zLoss.ts. */
import type { Views } from "../../../memory/heap.ts";
import { scale } from "../elementwise.ts";
import { f32 as round } from "../lanes.ts";
import { log } from "../math.ts";
import { expSum, largest } from "../softmaxRow.ts";

export function zLoss(
  memory: Views,
  logits: number,
  losses: number,
  gradient: number,
  rows: number,
  columns: number,
  strength: number,
  weight: number,
): void {
  for (let i = 0; i < rows; i++) {
    const z = logits + 4 * i * columns;
    const y = gradient + 4 * i * columns;
    const most = largest(memory, z, columns);
    const total = round(expSum(memory, z, y, columns, most));
    const s = round(log(total) + most);
    memory.f32[(losses >>> 2) + i] = round(strength) * round(s * s);
    scale(memory, y, y, columns, round(round(weight) * round(s + s)) / total);
  }
}
