/** Twins of assembly/optim/prodigy.ts. */
import type { Views } from "../../../memory/heap.ts";
import { CHUNK, chunkDot, chunkSumAbs } from "../chunk.ts";
import { descended } from "../decay.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

export function prodigyGather(
  memory: Views,
  p: number,
  m: number,
  v: number,
  origin: number,
  s: number,
  g: number,
  work: number,
  sums: number,
  n: number,
  every: number,
  scale: number,
  l2: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  beta3: number,
  gain3: number,
): void {
  const { f32, f64 } = memory;
  [scale, l2, beta1, gain1] = [round(scale), round(l2), round(beta1), round(gain1)];
  [beta2, gain2, beta3, gain3] = [round(beta2), round(gain2), round(beta3), round(gain3)];
  const gradient = (i: number) => mulAdd(scale, f32[(g >>> 2) + i]!, round(l2 * f32[(p >>> 2) + i]!));
  for (let i = 0; i < n; i++) {
    const grad = gradient(i);
    const scaled = round(gain2 * grad);
    f32[(m >>> 2) + i] = mulAdd(beta1, f32[(m >>> 2) + i]!, round(gain1 * grad));
    f32[(v >>> 2) + i] = mulAdd(beta2, f32[(v >>> 2) + i]!, round(scaled * scaled));
  }
  const grads = work;
  const moved = work + 4 * CHUNK;
  const picked = Math.ceil(n / every);
  let numerator = 0;
  let denominator = 0;
  for (let start = 0; start < picked; start += CHUNK) {
    const length = Math.min(CHUNK, picked - start);
    for (let k = 0; k < length; k++) {
      const i = (start + k) * every;
      const grad = gradient(i);
      f32[(grads >>> 2) + k] = grad;
      f32[(moved >>> 2) + k] = f32[(origin >>> 2) + start + k]! - f32[(p >>> 2) + i]!;
      f32[(s >>> 2) + start + k] = mulAdd(beta3, f32[(s >>> 2) + start + k]!, round(gain3 * grad));
    }
    numerator += chunkDot(memory, grads, moved, length);
    denominator += chunkSumAbs(memory, s + 4 * start, length);
  }
  f64[sums >>> 3] = numerator;
  f64[(sums >>> 3) + 1] = denominator;
}

export function prodigyStep(
  { f32 }: Views,
  p: number,
  m: number,
  v: number,
  n: number,
  shrink: number,
  step: number,
  eps: number,
): void {
  [shrink, step, eps] = [round(shrink), round(step), round(eps)];
  for (let i = 0; i < n; i++) {
    const denominator = round(round(Math.sqrt(f32[(v >>> 2) + i]!)) + eps);
    const along = round(round(step * f32[(m >>> 2) + i]!) / denominator);
    f32[(p >>> 2) + i] = descended(f32[(p >>> 2) + i]!, shrink, along);
  }
}

/** sums = (g (origin - p), g^2, w^2), summed; `w` gives the address of the chunk that starts at an element. */
function measure(
  memory: Views,
  p: number,
  origin: number,
  w: (start: number) => number,
  g: number,
  work: number,
  sums: number,
  n: number,
): void {
  const { f32, f64 } = memory;
  const totals = [0, 0, 0] as [number, number, number];
  for (let start = 0; start < n; start += CHUNK) {
    const length = Math.min(CHUNK, n - start);
    for (let k = 0; k < length; k++) {
      f32[(work >>> 2) + k] = f32[(origin >>> 2) + start + k]! - f32[(p >>> 2) + start + k]!;
    }
    const slope = g + 4 * start;
    totals[0] += chunkDot(memory, slope, work, length);
    totals[1] += chunkDot(memory, slope, slope, length);
    totals[2] += chunkDot(memory, w(start), w(start), length);
  }
  f64.set(totals, sums >>> 3);
}

export function prodigyMeasure(
  memory: Views,
  p: number,
  origin: number,
  g: number,
  work: number,
  sums: number,
  n: number,
): void {
  measure(memory, p, origin, () => work, g, work, sums, n);
}

export function prodigyAccumulate(
  memory: Views,
  p: number,
  origin: number,
  s: number,
  g: number,
  work: number,
  sums: number,
  n: number,
  gain: number,
): void {
  const { f32 } = memory;
  gain = round(gain);
  for (let i = 0; i < n; i++) f32[(s >>> 2) + i] = mulAdd(gain, f32[(g >>> 2) + i]!, f32[(s >>> 2) + i]!);
  measure(memory, p, origin, (start) => s + 4 * start, g, work, sums, n);
}

export function prodigyAverage({ f32 }: Views, p: number, origin: number, s: number, n: number, gamma: number): void {
  gamma = round(gamma);
  for (let i = 0; i < n; i++) f32[(p >>> 2) + i] = f32[(origin >>> 2) + i]! - round(gamma * f32[(s >>> 2) + i]!);
}
