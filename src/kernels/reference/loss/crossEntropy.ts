/** Twin of assembly/loss/crossEntropy.ts. */
import type { Views } from "../../../memory/heap.ts";
import { CHUNK, chunkDot, chunkSum } from "../chunk.ts";
import { scale } from "../elementwise.ts";
import { sum } from "../fold.ts";
import { mulAdd, f32 as round, unlessZero, weigh } from "../lanes.ts";
import { log } from "../math.ts";
import { expSum, largest } from "../softmaxRow.ts";

function others(own: number, total: number): number {
  return round((total - own) / total);
}

function hardRow(memory: Views, z: number, y: number, target: number, columns: number, weight: number): number {
  const { f32 } = memory;
  const most = largest(memory, z, columns);
  const correct = f32[(z >>> 2) + target]!;
  const exact = expSum(memory, z, y, columns, most);
  const total = round(exact);
  const rest = others(f32[(y >>> 2) + target]!, exact);
  scale(memory, y, y, columns, weight / total);
  f32[(y >>> 2) + target] = -weight * rest;
  return round(log(total) + round(most - correct));
}

export function softmaxCrossEntropy(
  memory: Views,
  logits: number,
  targets: number,
  losses: number,
  gradient: number,
  rows: number,
  columns: number,
  weight: number,
): void {
  const { f32, u32 } = memory;
  for (let i = 0; i < rows; i++) {
    const at = 4 * i * columns;
    const target = u32[(targets >>> 2) + i]!;
    f32[(losses >>> 2) + i] = hardRow(memory, logits + at, gradient + at, target, columns, round(weight));
  }
}

export function softmaxCrossEntropyWeighted(
  memory: Views,
  logits: number,
  targets: number,
  weights: number,
  losses: number,
  gradient: number,
  work: number,
  rows: number,
  columns: number,
  ignored: number,
  by: number,
  confidence: number,
  uniform: number,
): void {
  const { f32, u32 } = memory;
  const [scaled, sure, even] = [round(by), round(confidence), round(uniform)];
  const whole = sum(memory, weights, columns);
  for (let i = 0; i < rows; i++) {
    const z = logits + 4 * i * columns;
    const y = gradient + 4 * i * columns;
    const target = u32[(targets >>> 2) + i]!;
    if (target >= columns || target === ignored >>> 0) {
      f32[(losses >>> 2) + i] = 0;
      f32.fill(0, y >>> 2, (y >>> 2) + columns);
      continue;
    }
    const picked = round(sure * f32[(weights >>> 2) + target]!);
    if (even === 0) {
      f32[(losses >>> 2) + i] = weigh(picked, hardRow(memory, z, y, target, columns, round(scaled * picked)));
      continue;
    }
    const most = largest(memory, z, columns);
    const correct = f32[(z >>> 2) + target]!;
    let below = 0;
    for (let j = 0; j < columns; j += CHUNK) {
      const n = Math.min(CHUNK, columns - j);
      for (let k = 0; k < n; k++) {
        f32[(work >>> 2) + k] = unlessZero(f32[(weights >>> 2) + j + k]!, round(most - f32[(z >>> 2) + j + k]!));
      }
      below += chunkDot(memory, weights + 4 * j, work, n);
    }
    const exact = expSum(memory, z, y, columns, most);
    const total = round(exact);
    const nll = round(log(total) + round(most - correct));
    f32[(losses >>> 2) + i] = picked * unlessZero(picked, nll) + even * (whole * log(total) + below);
    const own = f32[(y >>> 2) + target]!;
    const mass = round(picked + even * whole);
    const alpha = round(round(scaled * mass) / total);
    const beta = round(scaled * even);
    for (let j = 0; j < columns; j++) {
      f32[(y >>> 2) + j] = round(alpha * f32[(y >>> 2) + j]!) - round(beta * f32[(weights >>> 2) + j]!);
    }
    const smooth = even * (whole * (own / exact) - f32[(weights >>> 2) + target]!);
    f32[(y >>> 2) + target] = scaled * round(smooth - picked * others(own, exact));
  }
}

export function softmaxCrossEntropyDense(
  memory: Views,
  logits: number,
  targets: number,
  weights: number,
  losses: number,
  gradient: number,
  work: number,
  rows: number,
  columns: number,
  by: number,
  confidence: number,
  uniform: number,
): void {
  const { f32 } = memory;
  const [scaled, sure, even] = [round(by), round(confidence), round(uniform)];
  const shareAt = (t: number, j: number) => round(f32[(weights >>> 2) + j]! * mulAdd(sure, f32[(t >>> 2) + j]!, even));
  for (let i = 0; i < rows; i++) {
    const z = logits + 4 * i * columns;
    const t = targets + 4 * i * columns;
    const y = gradient + 4 * i * columns;
    const most = largest(memory, z, columns);
    let mass = 0;
    let below = 0;
    for (let j = 0; j < columns; j += CHUNK) {
      const n = Math.min(CHUNK, columns - j);
      for (let k = 0; k < n; k++) {
        const share = shareAt(t, j + k);
        f32[(work >>> 2) + k] = share;
        f32[(work >>> 2) + CHUNK + k] = unlessZero(share, round(most - f32[(z >>> 2) + j + k]!));
      }
      mass += chunkSum(memory, work, n);
      below += chunkDot(memory, work, work + 4 * CHUNK, n);
    }
    const total = round(expSum(memory, z, y, columns, most));
    f32[(losses >>> 2) + i] = mass * log(total) + below;
    const alpha = round(round(scaled * round(mass)) / total);
    for (let j = 0; j < columns; j++) {
      f32[(y >>> 2) + j] = round(alpha * f32[(y >>> 2) + j]!) - round(scaled * shareAt(t, j));
    }
  }
}
