/** Twins of assembly/optim/scheduleFree.ts. */
import type { Views } from "../../../memory/heap.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

/** Moves y and z, positions in `f32`, along u and the decay at y; the scalars are float32 already. */
function move(
  f32: Float32Array,
  y: number,
  z: number,
  u: number,
  decay: number,
  c: number,
  pull: number,
  lr: number,
): void {
  const y0 = f32[y]!;
  const z0 = f32[z]!;
  const decayed = mulAdd(decay, y0, u);
  f32[y] = mulAdd(pull, decayed, mulAdd(c, round(z0 - y0), y0));
  f32[z] = z0 - round(lr * decayed);
}

/** v' = beta2 v + (gain2 g)^2 */
function second(f32: Float32Array, v: number, grad: number, beta2: number, gain2: number): number {
  const scaled = round(gain2 * grad);
  const moved = mulAdd(beta2, f32[v]!, round(scaled * scaled));
  f32[v] = moved;
  return moved;
}

export function scheduleFreeSgd(
  { f32 }: Views,
  y: number,
  z: number,
  g: number,
  n: number,
  scale: number,
  decay: number,
  c: number,
  pull: number,
  lr: number,
): void {
  [scale, decay, c, pull, lr] = [round(scale), round(decay), round(c), round(pull), round(lr)];
  for (let i = 0; i < n; i++) {
    move(f32, (y >>> 2) + i, (z >>> 2) + i, round(scale * f32[(g >>> 2) + i]!), decay, c, pull, lr);
  }
}

export function scheduleFreeWarmup(
  { f32 }: Views,
  y: number,
  z: number,
  v: number,
  g: number,
  n: number,
  scale: number,
  decay: number,
  beta2: number,
  gain2: number,
  c: number,
  pull: number,
  lr: number,
): void {
  [scale, decay, beta2, gain2] = [round(scale), round(decay), round(beta2), round(gain2)];
  [c, pull, lr] = [round(c), round(pull), round(lr)];
  for (let i = 0; i < n; i++) {
    const grad = f32[(g >>> 2) + i]!;
    second(f32, (v >>> 2) + i, grad, beta2, gain2);
    move(f32, (y >>> 2) + i, (z >>> 2) + i, round(scale * grad), decay, c, pull, lr);
  }
}

export function scheduleFreeAdam(
  { f32 }: Views,
  y: number,
  z: number,
  v: number,
  g: number,
  n: number,
  gain: number,
  decay: number,
  beta2: number,
  gain2: number,
  eps: number,
  c: number,
  pull: number,
  lr: number,
): void {
  [gain, decay, beta2, gain2] = [round(gain), round(decay), round(beta2), round(gain2)];
  [eps, c, pull, lr] = [round(eps), round(c), round(pull), round(lr)];
  for (let i = 0; i < n; i++) {
    const grad = f32[(g >>> 2) + i]!;
    const denominator = round(round(Math.sqrt(second(f32, (v >>> 2) + i, grad, beta2, gain2))) + eps);
    move(f32, (y >>> 2) + i, (z >>> 2) + i, round(round(gain * grad) / denominator), decay, c, pull, lr);
  }
}

export function scheduleFreeAdamInner(
  { f32 }: Views,
  y: number,
  z: number,
  m: number,
  v: number,
  g: number,
  n: number,
  gain: number,
  decay: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  eps: number,
  c: number,
  pull: number,
  lr: number,
): void {
  [gain, decay, beta1, gain1, beta2] = [round(gain), round(decay), round(beta1), round(gain1), round(beta2)];
  [gain2, eps, c, pull, lr] = [round(gain2), round(eps), round(c), round(pull), round(lr)];
  for (let i = 0; i < n; i++) {
    const grad = f32[(g >>> 2) + i]!;
    const first = mulAdd(beta1, f32[(m >>> 2) + i]!, round(gain1 * grad));
    f32[(m >>> 2) + i] = first;
    const denominator = round(round(Math.sqrt(second(f32, (v >>> 2) + i, grad, beta2, gain2))) + eps);
    move(f32, (y >>> 2) + i, (z >>> 2) + i, round(round(gain * first) / denominator), decay, c, pull, lr);
  }
}
