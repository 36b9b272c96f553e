/** Twins of assembly/optim/adaBelief.ts. */
import type { Views } from "../../../memory/heap.ts";
import { descended } from "../decay.ts";
import { penalised } from "../gradient.ts";
import { atLeast, mulAdd, f32 as round } from "../lanes.ts";

/** Moves m and v of one element, which are positions in `f32`; the scalars are float32 already. */
function observe(
  f32: Float32Array,
  m: number,
  v: number,
  grad: number,
  pull: number,
  beta2: number,
  gain2: number,
  floor: number,
): void {
  const d = round(grad - f32[m]!);
  const scaled = round(gain2 * d);
  f32[m] = mulAdd(pull, d, f32[m]!);
  f32[v] = mulAdd(beta2, f32[v]!, mulAdd(scaled, scaled, floor));
}

export function adaBelief(
  { f32 }: Views,
  p: number,
  m: number,
  v: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  shrink: number,
  pull: number,
  beta2: number,
  gain2: number,
  floor: number,
  step: number,
  eps: number,
): void {
  [scale, l2, shrink, pull, beta2] = [round(scale), round(l2), round(shrink), round(pull), round(beta2)];
  [gain2, floor, step, eps] = [round(gain2), round(floor), round(step), round(eps)];
  for (let i = 0; i < n; i++) {
    const w = f32[(p >>> 2) + i]!;
    const grad = penalised(f32, (p >>> 2) + i, (g >>> 2) + i, scale, l2);
    observe(f32, (m >>> 2) + i, (v >>> 2) + i, grad, pull, beta2, gain2, floor);
    const root = round(Math.sqrt(f32[(v >>> 2) + i]!));
    const along = round(round(step * f32[(m >>> 2) + i]!) / round(root + eps));
    f32[(p >>> 2) + i] = descended(w, shrink, along);
  }
}

export function adaBeliefAmsgrad(
  { f32 }: Views,
  p: number,
  m: number,
  v: number,
  u: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  shrink: number,
  pull: number,
  beta2: number,
  gain2: number,
  floor: number,
  step: number,
  eps: number,
): void {
  [scale, l2, shrink, pull, beta2] = [round(scale), round(l2), round(shrink), round(pull), round(beta2)];
  [gain2, floor, step, eps] = [round(gain2), round(floor), round(step), round(eps)];
  for (let i = 0; i < n; i++) {
    const w = f32[(p >>> 2) + i]!;
    const grad = penalised(f32, (p >>> 2) + i, (g >>> 2) + i, scale, l2);
    observe(f32, (m >>> 2) + i, (v >>> 2) + i, grad, pull, beta2, gain2, floor);
    const largest = atLeast(f32[(v >>> 2) + i]!, f32[(u >>> 2) + i]!);
    f32[(u >>> 2) + i] = largest;
    const root = round(Math.sqrt(largest));
    const along = round(round(step * f32[(m >>> 2) + i]!) / round(root + eps));
    f32[(p >>> 2) + i] = descended(w, shrink, along);
  }
}

export function adaBeliefMomentum(
  { f32 }: Views,
  p: number,
  m: number,
  v: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  shrink: number,
  pull: number,
  beta2: number,
  gain2: number,
  floor: number,
  step: number,
): void {
  [scale, l2, shrink, pull] = [round(scale), round(l2), round(shrink), round(pull)];
  [beta2, gain2, floor, step] = [round(beta2), round(gain2), round(floor), round(step)];
  for (let i = 0; i < n; i++) {
    const w = f32[(p >>> 2) + i]!;
    const grad = penalised(f32, (p >>> 2) + i, (g >>> 2) + i, scale, l2);
    observe(f32, (m >>> 2) + i, (v >>> 2) + i, grad, pull, beta2, gain2, floor);
    f32[(p >>> 2) + i] = descended(w, shrink, round(step * f32[(m >>> 2) + i]!));
  }
}
