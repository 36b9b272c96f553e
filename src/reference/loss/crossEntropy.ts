/** Twin of assembly/loss/crossEntropy.ts. */
import type { Views } from "../../heap.ts";
import { scale } from "../elementwise.ts";
import { sum } from "../fold.ts";
import { f32 as round } from "../lanes.ts";
import { exp, log } from "../math.ts";

export function softmaxCrossEntropy(
  memory: Views,
  logits: number,
  targets: number,
  losses: number,
  gradient: number,
  rows: number,
  columns: number,
  weight: number,
): void {
  const { f32, u32 } = memory;
  const whole = round(weight);
  for (let i = 0; i < rows; i++) {
    const z = (logits >>> 2) + i * columns;
    const y = (gradient >>> 2) + i * columns;
    const target = u32[(targets >>> 2) + i]!;
    const correct = f32[z + target]!;
    let most = -Infinity;
    for (let j = 0; j < columns; j++) most = Math.max(most, f32[z + j]!);
    for (let j = 0; j < columns; j++) f32[y + j] = exp(round(f32[z + j]! - most));
    const total = round(sum(memory, y * 4, columns));
    f32[(losses >>> 2) + i] = log(total) + round(most - correct);
    scale(memory, y * 4, y * 4, columns, whole / total);
    f32[y + target]! -= whole;
  }
}
