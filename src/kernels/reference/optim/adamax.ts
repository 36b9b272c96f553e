/** Twin of assembly/optim/adamax.ts. */
import type { Views } from "../../../memory/heap.ts";
import { penalised } from "../gradient.ts";
import { f32 as round } from "../lanes.ts";
import { first } from "../moments.ts";

export function adamax(
  { f32 }: Views,
  p: number,
  m: number,
  u: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  beta1: number,
  gain1: number,
  beta2: number,
  step: number,
  eps: number,
): void {
  [scale, l2, beta1, gain1] = [round(scale), round(l2), round(beta1), round(gain1)];
  [beta2, step, eps] = [round(beta2), round(step), round(eps)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const m1 = first(f32[(m >>> 2) + i]!, grad, beta1, gain1);
    const u1 = Math.max(round(beta2 * f32[(u >>> 2) + i]!), round(Math.abs(grad) + eps));
    f32[(m >>> 2) + i] = m1;
    f32[(u >>> 2) + i] = u1;
    f32[at] = f32[at]! - round(round(step * m1) / u1);
  }
}
