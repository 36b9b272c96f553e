/** Twins of assembly/optim/sophiaG.ts. */
import type { Views } from "../../../memory/heap.ts";
import { descended } from "../decay.ts";
import { clip, mulAdd, f32 as round } from "../lanes.ts";

export function sophiaG(
  { f32 }: Views,
  p: number,
  m: number,
  h: number,
  g: number,
  n: number,
  beta1: number,
  gain1: number,
  curvature: number,
  eps: number,
  lr: number,
  shrink: number,
): void {
  [beta1, gain1, curvature, eps] = [round(beta1), round(gain1), round(curvature), round(eps)];
  [lr, shrink] = [round(lr), round(shrink)];
  for (let i = 0; i < n; i++) {
    const m1 = mulAdd(beta1, f32[(m >>> 2) + i]!, round(gain1 * f32[(g >>> 2) + i]!));
    const newton = round(m1 / mulAdd(curvature, f32[(h >>> 2) + i]!, eps));
    const clipped = clip(newton, -1, 1);
    f32[(m >>> 2) + i] = m1;
    f32[(p >>> 2) + i] = descended(f32[(p >>> 2) + i]!, shrink, round(lr * clipped));
  }
}

export function sophiaGHessian({ f32 }: Views, h: number, g: number, n: number, beta2: number, gain2: number): void {
  [beta2, gain2] = [round(beta2), round(gain2)];
  for (let i = 0; i < n; i++) {
    const scaled = round(gain2 * f32[(g >>> 2) + i]!);
    f32[(h >>> 2) + i] = mulAdd(beta2, f32[(h >>> 2) + i]!, round(scaled * scaled));
  }
}
