/** Twin of assembly/optim/ademamix.ts. */
import type { Views } from "../../../memory/heap.ts";
import { descended } from "../decay.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

export function ademamix(
  { f32 }: Views,
  p: number,
  fast: number,
  slow: number,
  v: number,
  g: number,
  n: number,
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
  [beta1, gain1, beta2, gain2] = [round(beta1), round(gain1), round(beta2), round(gain2)];
  [beta3, gain3, step1, step2] = [round(beta3), round(gain3), round(step1), round(step2)];
  [eps, shrink] = [round(eps), round(shrink)];
  for (let i = 0; i < n; i++) {
    const grad = f32[(g >>> 2) + i]!;
    const scaled = round(gain2 * grad);
    const fast1 = mulAdd(beta1, f32[(fast >>> 2) + i]!, round(gain1 * grad));
    const slow1 = mulAdd(beta3, f32[(slow >>> 2) + i]!, round(gain3 * grad));
    const second = mulAdd(beta2, f32[(v >>> 2) + i]!, round(scaled * scaled));
    const moved = mulAdd(step1, fast1, round(step2 * slow1));
    f32[(fast >>> 2) + i] = fast1;
    f32[(slow >>> 2) + i] = slow1;
    f32[(v >>> 2) + i] = second;
    const root = round(Math.sqrt(second));
    f32[(p >>> 2) + i] = descended(f32[(p >>> 2) + i]!, shrink, round(moved / round(root + eps)));
  }
}
