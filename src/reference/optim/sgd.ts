/** Twins of assembly/optim/sgd.ts. */
import type { Views } from "../../heap.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

export function sgd({ f32 }: Views, p: number, g: number, n: number, scale: number, l2: number, lr: number): void {
  [scale, l2, lr] = [round(scale), round(l2), round(lr)];
  for (let i = 0; i < n; i++) {
    const w = f32[(p >>> 2) + i]!;
    const grad = mulAdd(scale, f32[(g >>> 2) + i]!, round(l2 * w));
    f32[(p >>> 2) + i] = w - round(lr * grad);
  }
}

export function sgdMomentum(
  { f32 }: Views,
  p: number,
  b: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  lr: number,
  momentum: number,
  gain: number,
): void {
  [scale, l2, lr, momentum, gain] = [round(scale), round(l2), round(lr), round(momentum), round(gain)];
  for (let i = 0; i < n; i++) {
    const w = f32[(p >>> 2) + i]!;
    const grad = mulAdd(scale, f32[(g >>> 2) + i]!, round(l2 * w));
    const moved = mulAdd(momentum, f32[(b >>> 2) + i]!, round(gain * grad));
    f32[(b >>> 2) + i] = moved;
    f32[(p >>> 2) + i] = w - round(lr * moved);
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
  gain: number,
): void {
  [scale, l2, lr, momentum, gain] = [round(scale), round(l2), round(lr), round(momentum), round(gain)];
  for (let i = 0; i < n; i++) {
    const w = f32[(p >>> 2) + i]!;
    const grad = mulAdd(scale, f32[(g >>> 2) + i]!, round(l2 * w));
    const moved = mulAdd(momentum, f32[(b >>> 2) + i]!, round(gain * grad));
    f32[(b >>> 2) + i] = moved;
    f32[(p >>> 2) + i] = w - round(lr * mulAdd(momentum, moved, grad));
  }
}
