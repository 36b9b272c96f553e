/** Twins of assembly/optim/adam.ts. */
import type { Views } from "../../heap.ts";
import { penalised } from "../gradient.ts";
import { atLeast, f32 as round } from "../lanes.ts";
import { first, second } from "../moments.ts";
import { Partials } from "../norms.ts";

/** No array for the largest second moment. */
const NONE = -1;

/** One element: p, m, v, u are positions in `f32`; the scalars are float32 already. */
function advance(
  f32: Float32Array,
  p: number,
  m: number,
  v: number,
  u: number,
  grad: number,
  decayed: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  step: number,
  eps: number,
): void {
  const m1 = first(f32[m]!, grad, beta1, gain1);
  const v1 = second(f32[v]!, grad, beta2, gain2);
  const largest = u === NONE ? v1 : atLeast(v1, f32[u]!);
  f32[m] = m1;
  f32[v] = v1;
  if (u !== NONE) f32[u] = largest;
  f32[p] = decayed - round(round(step * m1) / round(round(Math.sqrt(largest)) + eps));
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
    advance(f32, at, (m >>> 2) + i, (v >>> 2) + i, NONE, grad, f32[at]!, beta1, gain1, beta2, gain2, step, eps);
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
    advance(
      f32,
      at,
      (m >>> 2) + i,
      (v >>> 2) + i,
      (u >>> 2) + i,
      grad,
      f32[at]!,
      beta1,
      gain1,
      beta2,
      gain2,
      step,
      eps,
    );
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
  decay: number,
): void {
  [beta1, gain1, beta2, gain2] = [round(beta1), round(gain1), round(beta2), round(gain2)];
  [step, eps, decay] = [round(step), round(eps), round(decay)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const w = f32[at]!;
    const grad = f32[(g >>> 2) + i]!;
    advance(f32, at, (m >>> 2) + i, (v >>> 2) + i, NONE, grad, round(w * decay), beta1, gain1, beta2, gain2, step, eps);
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
  decay: number,
): void {
  const { f32 } = memory;
  const partials = new Partials();
  for (let i = 0; i < n; i++) {
    const at = p + 4 * i;
    const before = f32[at >>> 2]!;
    adamw(memory, at, m + 4 * i, v + 4 * i, g + 4 * i, 1, beta1, gain1, beta2, gain2, step, eps, decay);
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
  decay: number,
): void {
  [beta1, gain1, beta2, gain2] = [round(beta1), round(gain1), round(beta2), round(gain2)];
  [step, eps, decay] = [round(step), round(eps), round(decay)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const w = f32[at]!;
    const grad = f32[(g >>> 2) + i]!;
    advance(
      f32,
      at,
      (m >>> 2) + i,
      (v >>> 2) + i,
      (u >>> 2) + i,
      grad,
      round(w * decay),
      beta1,
      gain1,
      beta2,
      gain2,
      step,
      eps,
    );
  }
}
