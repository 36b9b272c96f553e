/** Twin of assembly/optim/adan.ts. */
import type { Views } from "../../../memory/heap.ts";
import { descended } from "../decay.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

export function adan(
  { f32 }: Views,
  p: number,
  m: number,
  d: number,
  v: number,
  last: number,
  g: number,
  n: number,
  scale: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  beta3: number,
  gain3: number,
  step1: number,
  step2: number,
  eps: number,
  shrink: number,
): void {
  [scale, beta1, gain1, beta2] = [round(scale), round(beta1), round(gain1), round(beta2)];
  [gain2, beta3, gain3, step1] = [round(gain2), round(beta3), round(gain3), round(step1)];
  [step2, eps, shrink] = [round(step2), round(eps), round(shrink)];
  for (let i = 0; i < n; i++) {
    const grad = round(scale * f32[(g >>> 2) + i]!);
    const change = round(grad + f32[(last >>> 2) + i]!);
    const first = mulAdd(beta1, f32[(m >>> 2) + i]!, round(gain1 * grad));
    const difference = mulAdd(beta2, f32[(d >>> 2) + i]!, round(gain2 * change));
    const scaled = round(gain3 * mulAdd(beta2, change, grad));
    const second = mulAdd(beta3, f32[(v >>> 2) + i]!, round(scaled * scaled));
    const moved = mulAdd(step1, first, round(step2 * difference));
    f32[(last >>> 2) + i] = -grad;
    f32[(m >>> 2) + i] = first;
    f32[(d >>> 2) + i] = difference;
    f32[(v >>> 2) + i] = second;
    const root = round(Math.sqrt(second));
    f32[(p >>> 2) + i] = descended(f32[(p >>> 2) + i]!, shrink, round(moved / round(root + eps)));
  }
}
