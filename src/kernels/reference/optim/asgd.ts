/** Twins of assembly/optim/asgd.ts. */
import type { Views } from "../../../memory/heap.ts";
import { penalised } from "../gradient.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

export function asgdCopy(
  { f32 }: Views,
  p: number,
  a: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  eta: number,
): void {
  [scale, l2, eta] = [round(scale), round(l2), round(eta)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    f32[at] = f32[at]! - round(eta * penalised(f32, at, (g >>> 2) + i, scale, l2));
    f32[(a >>> 2) + i] = f32[at]!;
  }
}

export function asgdAverage(
  { f32 }: Views,
  p: number,
  a: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  eta: number,
  mu: number,
): void {
  [scale, l2, eta, mu] = [round(scale), round(l2), round(eta), round(mu)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    f32[at] = f32[at]! - round(eta * penalised(f32, at, (g >>> 2) + i, scale, l2));
    const average = f32[(a >>> 2) + i]!;
    f32[(a >>> 2) + i] = mulAdd(mu, round(f32[at]! - average), average);
  }
}
