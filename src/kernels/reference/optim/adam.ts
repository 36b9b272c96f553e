/** Twins of assembly/optim/adam.ts. */
import type { Views } from "../../../memory/heap.ts";
import { descended } from "../decay.ts";
import { penalised } from "../gradient.ts";
import { atLeast, f32 as round } from "../lanes.ts";
import { first, second } from "../moments.ts";
import { Partials } from "../norms.ts";

/** No array for the largest second moment. */
const NONE = -1;

/** Moves the moments of one element, positions in `f32`, and returns the step; the scalars are float32 already. */
function advance(
  f32: Float32Array,
  m: number,
  v: number,
  u: number,
  grad: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  step: number,
  eps: number,
): number {
  const m1 = first(f32[m]!, grad, beta1, gain1);
  const v1 = second(f32[v]!, grad, beta2, gain2);
  const largest = u === NONE ? v1 : atLeast(v1, f32[u]!);
  f32[m] = m1;
  f32[v] = v1;
  if (u !== NONE) f32[u] = largest;
  return round(round(step * m1) / round(round(Math.sqrt(largest)) + eps));
}

export function adam(
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
): void {
  [scale, l2, beta1, gain1] = [round(scale), round(l2), round(beta1), round(gain1)];
  [beta2, gain2, step, eps] = [round(beta2), round(gain2), round(step), round(eps)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    f32[at]! -= advance(f32, (m >>> 2) + i, (v >>> 2) + i, NONE, grad, beta1, gain1, beta2, gain2, step, eps);
  }
}

export function adamAmsgrad(
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
): void {
  [scale, l2, beta1, gain1] = [round(scale), round(l2), round(beta1), round(gain1)];
  [beta2, gain2, step, eps] = [round(beta2), round(gain2), round(step), round(eps)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const moments = [(m >>> 2) + i, (v >>> 2) + i, (u >>> 2) + i] as const;
    f32[at]! -= advance(f32, ...moments, grad, beta1, gain1, beta2, gain2, step, eps);
  }
}

export function adamw(
  { f32 }: Views,
  p: number,
  m: number,
  v: number,
  g: number,
  n: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  step: number,
  eps: number,
  shrink: number,
): void {
  [beta1, gain1, beta2, gain2] = [round(beta1), round(gain1), round(beta2), round(gain2)];
  [step, eps, shrink] = [round(step), round(eps), round(shrink)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = f32[(g >>> 2) + i]!;
    const along = advance(f32, (m >>> 2) + i, (v >>> 2) + i, NONE, grad, beta1, gain1, beta2, gain2, step, eps);
    f32[at] = descended(f32[at]!, shrink, along);
  }
}

export function adamwNorms(
  memory: Views,
  p: number,
  m: number,
  v: number,
  g: number,
  _work: number,
  sums: number,
  n: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  step: number,
  eps: number,
  shrink: number,
): void {
  const { f32 } = memory;
  const partials = new Partials();
  for (let i = 0; i < n; i++) {
    const at = p + 4 * i;
    const before = f32[at >>> 2]!;
    adamw(memory, at, m + 4 * i, v + 4 * i, g + 4 * i, 1, beta1, gain1, beta2, gain2, step, eps, shrink);
    partials.gather(i, f32[(g >>> 2) + i]!, before, f32[at >>> 2]!);
    partials.flush(memory, sums, i, n);
  }
}

export function adamwAmsgrad(
  { f32 }: Views,
  p: number,
  m: number,
  v: number,
  u: number,
  g: number,
  n: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  step: number,
  eps: number,
  shrink: number,
): void {
  [beta1, gain1, beta2, gain2] = [round(beta1), round(gain1), round(beta2), round(gain2)];
  [step, eps, shrink] = [round(step), round(eps), round(shrink)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = f32[(g >>> 2) + i]!;
    const moments = [(m >>> 2) + i, (v >>> 2) + i, (u >>> 2) + i] as const;
    const along = advance(f32, ...moments, grad, beta1, gain1, beta2, gain2, step, eps);
    f32[at] = descended(f32[at]!, shrink, along);
  }
}
