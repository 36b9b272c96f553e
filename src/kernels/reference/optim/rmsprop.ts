/** Twins of assembly/optim/rmsprop.ts. */
import type { Views } from "../../../memory/heap.ts";
import { penalised } from "../gradient.ts";
import { mulAdd, f32 as round } from "../lanes.ts";
import { first, root, second } from "../moments.ts";

export function rmsprop(
  { f32 }: Views,
  p: number,
  v: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  alpha: number,
  gain2: number,
  inside: number,
  outside: number,
  lr: number,
): void {
  [scale, l2, alpha, gain2] = [round(scale), round(l2), round(alpha), round(gain2)];
  [inside, outside, lr] = [round(inside), round(outside), round(lr)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const v1 = second(f32[(v >>> 2) + i]!, grad, alpha, gain2);
    f32[(v >>> 2) + i] = v1;
    f32[at] = f32[at]! - round(lr * round(grad / root(v1, inside, outside)));
  }
}

export function rmspropMomentum(
  { f32 }: Views,
  p: number,
  v: number,
  b: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  alpha: number,
  gain2: number,
  inside: number,
  outside: number,
  lr: number,
  momentum: number,
): void {
  [scale, l2, alpha, gain2] = [round(scale), round(l2), round(alpha), round(gain2)];
  [inside, outside, lr, momentum] = [round(inside), round(outside), round(lr), round(momentum)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const v1 = second(f32[(v >>> 2) + i]!, grad, alpha, gain2);
    const b1 = mulAdd(momentum, f32[(b >>> 2) + i]!, round(grad / root(v1, inside, outside)));
    f32[(v >>> 2) + i] = v1;
    f32[(b >>> 2) + i] = b1;
    f32[at] = f32[at]! - round(lr * b1);
  }
}

function variance(v: number, a: number): number {
  return Math.max(round(v - round(a * a)), 0);
}

export function rmspropCentered(
  { f32 }: Views,
  p: number,
  v: number,
  a: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  alpha: number,
  gain1: number,
  gain2: number,
  inside: number,
  outside: number,
  lr: number,
): void {
  [scale, l2, alpha, gain1, gain2] = [round(scale), round(l2), round(alpha), round(gain1), round(gain2)];
  [inside, outside, lr] = [round(inside), round(outside), round(lr)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const v1 = second(f32[(v >>> 2) + i]!, grad, alpha, gain2);
    const a1 = first(f32[(a >>> 2) + i]!, grad, alpha, gain1);
    f32[(v >>> 2) + i] = v1;
    f32[(a >>> 2) + i] = a1;
    f32[at] = f32[at]! - round(lr * round(grad / root(variance(v1, a1), inside, outside)));
  }
}

export function rmspropCenteredMomentum(
  { f32 }: Views,
  p: number,
  v: number,
  a: number,
  b: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  alpha: number,
  gain1: number,
  gain2: number,
  inside: number,
  outside: number,
  lr: number,
  momentum: number,
): void {
  [scale, l2, alpha, gain1, gain2] = [round(scale), round(l2), round(alpha), round(gain1), round(gain2)];
  [inside, outside, lr, momentum] = [round(inside), round(outside), round(lr), round(momentum)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const v1 = second(f32[(v >>> 2) + i]!, grad, alpha, gain2);
    const a1 = first(f32[(a >>> 2) + i]!, grad, alpha, gain1);
    const b1 = mulAdd(momentum, f32[(b >>> 2) + i]!, round(grad / root(variance(v1, a1), inside, outside)));
    f32[(v >>> 2) + i] = v1;
    f32[(a >>> 2) + i] = a1;
    f32[(b >>> 2) + i] = b1;
    f32[at] = f32[at]! - round(lr * b1);
  }
}
