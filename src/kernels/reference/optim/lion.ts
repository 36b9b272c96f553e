/** Twin of assembly/optim/lion.ts. */
import type { Views } from "../../../memory/heap.ts";
import { descended } from "../decay.ts";
import { mulAdd, f32 as round, sign } from "../lanes.ts";

export function lion(
  { f32 }: Views,
  p: number,
  m: number,
  g: number,
  n: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  lr: number,
  shrink: number,
): void {
  [beta1, gain1, beta2, gain2] = [round(beta1), round(gain1), round(beta2), round(gain2)];
  [lr, shrink] = [round(lr), round(shrink)];
  for (let i = 0; i < n; i++) {
    const grad = f32[(g >>> 2) + i]!;
    const m0 = f32[(m >>> 2) + i]!;
    const direction = mulAdd(beta1, m0, round(gain1 * grad));
    f32[(m >>> 2) + i] = mulAdd(beta2, m0, round(gain2 * grad));
    f32[(p >>> 2) + i] = descended(f32[(p >>> 2) + i]!, shrink, lr * sign(direction));
  }
}
