/** Twin of assembly/optim/signum.ts. */
import type { Views } from "../../heap.ts";
import { f32 as round, sign } from "../lanes.ts";

export function signSgd(
  { f32 }: Views,
  p: number,
  g: number,
  n: number,
  scale: number,
  lr: number,
  decay: number,
): void {
  [scale, lr, decay] = [round(scale), round(lr), round(decay)];
  for (let i = 0; i < n; i++) {
    const direction = sign(round(scale * f32[(g >>> 2) + i]!));
    f32[(p >>> 2) + i] = round(f32[(p >>> 2) + i]! * decay) - lr * direction;
  }
}
