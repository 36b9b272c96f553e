/** Twin of assembly/optim/nadam.ts. */
import type { Views } from "../../../memory/heap.ts";
import { descended } from "../decay.ts";
import { penalised } from "../gradient.ts";
import { mulAdd, f32 as round } from "../lanes.ts";
import { first, second } from "../moments.ts";

export function nadam(
  { f32 }: Views,
  p: number,
  m: number,
  v: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  stepG: number,
  stepM: number,
  eps: number,
  shrink: number,
): void {
  [scale, l2, beta1, gain1, beta2] = [round(scale), round(l2), round(beta1), round(gain1), round(beta2)];
  [gain2, stepG, stepM, eps, shrink] = [round(gain2), round(stepG), round(stepM), round(eps), round(shrink)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const m1 = first(f32[(m >>> 2) + i]!, grad, beta1, gain1);
    const v1 = second(f32[(v >>> 2) + i]!, grad, beta2, gain2);
    f32[(m >>> 2) + i] = m1;
    f32[(v >>> 2) + i] = v1;
    const ahead = mulAdd(stepG, grad, round(stepM * m1));
    f32[at] = descended(f32[at]!, shrink, round(ahead / round(round(Math.sqrt(v1)) + eps)));
  }
}
