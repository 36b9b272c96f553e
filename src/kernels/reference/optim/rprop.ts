/** Twin of assembly/optim/rprop.ts. */
import type { Views } from "../../../memory/heap.ts";
import { f32 as round, sign } from "../lanes.ts";

export function rprop(
  { f32 }: Views,
  p: number,
  q: number,
  s: number,
  g: number,
  n: number,
  scale: number,
  down: number,
  up: number,
  low: number,
  high: number,
): void {
  [scale, down, up, low, high] = [round(scale), round(down), round(up), round(low), round(high)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = round(scale * f32[(g >>> 2) + i]!);
    const agreement = sign(grad) * f32[(q >>> 2) + i]!;
    const factor = agreement > 0 ? up : agreement < 0 ? down : 1;
    let step = round(f32[(s >>> 2) + i]! * factor);
    if (step < low) step = low;
    if (step > high) step = high;
    f32[(s >>> 2) + i] = step;
    f32[(q >>> 2) + i] = agreement < 0 ? 0 : grad;
    f32[at] = f32[at]! - round(step * (agreement < 0 ? 0 : sign(grad)));
  }
}
