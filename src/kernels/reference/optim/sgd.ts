/** Twins of assembly/optim/sgd.ts. */
import type { Views } from "../../../memory/heap.ts";
import { penalised } from "../gradient.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

export function sgd({ f32 }: Views, p: number, g: number, n: number, scale: number, l2: number, lr: number): void {
  [scale, l2, lr] = [round(scale), round(l2), round(lr)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    f32[at] = f32[at]! - round(lr * grad);
  }
}

export function sgdMomentum(
  { f32 }: Views,
  p: number,
  b: number,
  g: number,
  n: number,
  scale: number,
  lr: number,
  momentum: number,
): void {
  [scale, lr, momentum] = [round(scale), round(lr), round(momentum)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const moved = mulAdd(momentum, f32[(b >>> 2) + i]!, round(scale * f32[(g >>> 2) + i]!));
    f32[(b >>> 2) + i] = moved;
    f32[at] = f32[at]! - round(lr * moved);
  }
}

export function sgdMomentumL2(
  { f32 }: Views,
  p: number,
  b: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  lr: number,
  momentum: number,
): void {
  [scale, l2, lr, momentum] = [round(scale), round(l2), round(lr), round(momentum)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const moved = mulAdd(momentum, f32[(b >>> 2) + i]!, grad);
    f32[(b >>> 2) + i] = moved;
    f32[at] = f32[at]! - round(lr * moved);
  }
}

export function sgdNesterov(
  { f32 }: Views,
  p: number,
  b: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  lr: number,
  momentum: number,
): void {
  [scale, l2, lr, momentum] = [round(scale), round(l2), round(lr), round(momentum)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const moved = mulAdd(momentum, f32[(b >>> 2) + i]!, grad);
    f32[(b >>> 2) + i] = moved;
    f32[at] = f32[at]! - round(lr * mulAdd(momentum, moved, grad));
  }
}
