/** Twin of assembly/optim/adadelta.ts. */
import type { Views } from "../../../memory/heap.ts";
import { penalised } from "../gradient.ts";
import { f32 as round } from "../lanes.ts";
import { second } from "../moments.ts";

export function adadelta(
  { f32 }: Views,
  p: number,
  v: number,
  u: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  rho: number,
  gain: number,
  eps: number,
  lr: number,
): void {
  [scale, l2, rho, gain, eps, lr] = [round(scale), round(l2), round(rho), round(gain), round(eps), round(lr)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const v1 = second(f32[(v >>> 2) + i]!, grad, rho, gain);
    const u0 = f32[(u >>> 2) + i]!;
    const delta = round(round(Math.sqrt(round(round(u0 + eps) / round(v1 + eps)))) * grad);
    f32[(v >>> 2) + i] = v1;
    f32[(u >>> 2) + i] = second(u0, delta, rho, gain);
    f32[at] = f32[at]! - round(lr * delta);
  }
}
