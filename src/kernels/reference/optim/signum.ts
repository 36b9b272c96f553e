/** Twin of assembly/optim/signum.ts. */
import type { Views } from "../../../memory/heap.ts";
import { descended } from "../decay.ts";
import { f32 as round, sign } from "../lanes.ts";

export function signSgd(
  { f32 }: Views,
  p: number,
  g: number,
  n: number,
  scale: number,
  lr: number,
  shrink: number,
): void {
  [scale, lr, shrink] = [round(scale), round(lr), round(shrink)];
  for (let i = 0; i < n; i++) {
    const direction = sign(round(scale * f32[(g >>> 2) + i]!));
    f32[(p >>> 2) + i] = descended(f32[(p >>> 2) + i]!, shrink, lr * direction);
  }
}
