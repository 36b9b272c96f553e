/** Twins of assembly/optim/agd.ts. */

import { LARGEST_FLOAT32 } from "../../../core/real.ts";
import type { Views } from "../../../memory/heap.ts";
import { addSquares } from "../chunk.ts";
import { dot } from "../fold.ts";
import { clip, f32 as round } from "../lanes.ts";

export function agdNorms(memory: Views, g: number, norm: number, acc: number, rows: number, positions: number): number {
  const { f32, f64 } = memory;
  if (positions === 1) {
    f64[acc >>> 3] = dot(memory, g, g, rows);
  } else {
    f64.fill(0, acc >>> 3, (acc >>> 3) + positions);
    for (let i = 0; i < rows; i++) addSquares(memory, g + 4 * i * positions, acc, positions);
  }
  let total = 0;
  for (let j = 0; j < positions; j++) {
    const length = Math.sqrt(f64[(acc >>> 3) + j]!);
    f32[(norm >>> 2) + j] = length;
    total += length;
  }
  return total;
}

const SMALLEST_NORMAL = round(1.17549435e-38);

export function agdStep(
  { f32 }: Views,
  p: number,
  g: number,
  norm: number,
  rows: number,
  positions: number,
  step: number,
): void {
  step = round(step);
  for (let i = 0; i < rows * positions; i++) {
    const length = f32[(norm >>> 2) + (i % positions)]!;
    const rate = length < SMALLEST_NORMAL ? 0 : clip(round(step / length), -LARGEST_FLOAT32, LARGEST_FLOAT32);
    f32[(p >>> 2) + i]! -= round(rate * f32[(g >>> 2) + i]!);
  }
}
