/** Twins of assembly/optim/adaBound.ts. */
import type { Views } from "../../../memory/heap.ts";
import { penalised } from "../gradient.ts";
import { atLeast, clip, f32 as round } from "../lanes.ts";
import { first, second } from "../moments.ts";

/** How far an element moves; the scalars are float32 already. */
function change(m: number, v: number, step: number, eps: number, low: number, high: number): number {
  const rate = round(step / round(round(Math.sqrt(v)) + eps));
  return round(clip(rate, low, high) * m);
}

export function adaBound(
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
  step: number,
  eps: number,
  low: number,
  high: number,
): void {
  [scale, l2, beta1, gain1, beta2] = [round(scale), round(l2), round(beta1), round(gain1), round(beta2)];
  [gain2, step, eps, low, high] = [round(gain2), round(step), round(eps), round(low), round(high)];
  for (let i = 0; i < n; i++) {
    const w = f32[(p >>> 2) + i]!;
    const grad = penalised(f32, (p >>> 2) + i, (g >>> 2) + i, scale, l2);
    const m1 = first(f32[(m >>> 2) + i]!, grad, beta1, gain1);
    const v1 = second(f32[(v >>> 2) + i]!, grad, beta2, gain2);
    f32[(m >>> 2) + i] = m1;
    f32[(v >>> 2) + i] = v1;
    f32[(p >>> 2) + i] = w - change(m1, v1, step, eps, low, high);
  }
}

export function adaBoundAmsbound(
  { f32 }: Views,
  p: number,
  m: number,
  v: number,
  u: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  step: number,
  eps: number,
  low: number,
  high: number,
): void {
  [scale, l2, beta1, gain1, beta2] = [round(scale), round(l2), round(beta1), round(gain1), round(beta2)];
  [gain2, step, eps, low, high] = [round(gain2), round(step), round(eps), round(low), round(high)];
  for (let i = 0; i < n; i++) {
    const w = f32[(p >>> 2) + i]!;
    const grad = penalised(f32, (p >>> 2) + i, (g >>> 2) + i, scale, l2);
    const m1 = first(f32[(m >>> 2) + i]!, grad, beta1, gain1);
    const v1 = second(f32[(v >>> 2) + i]!, grad, beta2, gain2);
    const largest = atLeast(v1, f32[(u >>> 2) + i]!);
    f32[(m >>> 2) + i] = m1;
    f32[(v >>> 2) + i] = v1;
    f32[(u >>> 2) + i] = largest;
    f32[(p >>> 2) + i] = w - change(m1, largest, step, eps, low, high);
  }
}
