/** Twins of assembly/optim/adafactor.ts. */
import type { Views } from "../../../memory/heap.ts";
import { addSquares, CHUNK, chunkDot } from "../chunk.ts";
import { descended } from "../decay.ts";
import { dot } from "../fold.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

export function adafactorMoments(
  memory: Views,
  g: number,
  row: number,
  column: number,
  rowFactor: number,
  columnFactor: number,
  acc: number,
  batch: number,
  rows: number,
  columns: number,
  scale: number,
  beta: number,
  gain: number,
  eps: number,
  floor: number,
): void {
  const { f32, f64 } = memory;
  [scale, beta, gain, eps, floor] = [round(scale), round(beta), round(gain), round(eps), round(floor)];
  const average = (at: number, mean: number) => {
    f32[at] = mulAdd(beta, f32[at]!, round(gain * round(mean)));
    return f32[at]!;
  };
  for (let k = 0; k < batch; k++) {
    const row0 = (row >>> 2) + k * rows;
    const column0 = (column >>> 2) + k * columns;
    f64.fill(0, acc >>> 3, (acc >>> 3) + columns);
    let total = 0;
    for (let i = 0; i < rows; i++) {
      const line = g + 4 * (k * rows + i) * columns;
      total += average(row0 + i, (scale * scale * dot(memory, line, line, columns)) / columns + eps);
      addSquares(memory, line, acc, columns);
    }
    const level = Math.max(total / rows, floor);
    for (let i = 0; i < rows; i++) f32[(rowFactor >>> 2) + k * rows + i] = Math.sqrt(level / f32[row0 + i]!);
    for (let j = 0; j < columns; j++) {
      const moved = average(column0 + j, (scale * scale * f64[(acc >>> 3) + j]!) / rows + eps);
      f32[(columnFactor >>> 2) + k * columns + j] = 1 / Math.sqrt(moved);
    }
  }
}

export function adafactorVariance(
  { f32 }: Views,
  g: number,
  v: number,
  factor: number,
  n: number,
  scale: number,
  beta: number,
  gain: number,
  eps: number,
): void {
  [scale, beta, gain, eps] = [round(scale), round(beta), round(gain), round(eps)];
  for (let i = 0; i < n; i++) {
    const grad = round(scale * f32[(g >>> 2) + i]!);
    const moved = mulAdd(beta, f32[(v >>> 2) + i]!, round(gain * mulAdd(grad, grad, eps)));
    f32[(v >>> 2) + i] = moved;
    f32[(factor >>> 2) + i] = 1 / round(Math.sqrt(moved));
  }
}

/** Visits every element with its position and its update u; `cap` is float32 already. */
function forEachUpdate(
  { f32 }: Views,
  g: number,
  rowFactor: number,
  columnFactor: number,
  batch: number,
  rows: number,
  columns: number,
  cap: number,
  visit: (i: number, u: number) => void,
): void {
  for (let line = 0; line < batch * rows; line++) {
    const factor = f32[(rowFactor >>> 2) + line]!;
    const column0 = (columnFactor >>> 2) + Math.floor(line / rows) * columns;
    for (let j = 0; j < columns; j++) {
      const i = line * columns + j;
      visit(i, round(f32[(g >>> 2) + i]! * Math.min(round(factor * f32[column0 + j]!), cap)));
    }
  }
}

export function adafactorNorm(
  memory: Views,
  g: number,
  rowFactor: number,
  columnFactor: number,
  work: number,
  batch: number,
  rows: number,
  columns: number,
  cap: number,
): number {
  let total = 0;
  forEachUpdate(memory, g, rowFactor, columnFactor, batch, rows, columns, round(cap), (i, u) => {
    const j = i % columns;
    const at = j % CHUNK;
    memory.f32[(work >>> 2) + at] = u;
    if (at === CHUNK - 1 || j === columns - 1) total += chunkDot(memory, work, work, at + 1);
  });
  return total;
}

export function adafactorStep(
  memory: Views,
  p: number,
  g: number,
  rowFactor: number,
  columnFactor: number,
  batch: number,
  rows: number,
  columns: number,
  cap: number,
  shrink: number,
  step: number,
): void {
  const { f32 } = memory;
  [cap, shrink, step] = [round(cap), round(shrink), round(step)];
  forEachUpdate(memory, g, rowFactor, columnFactor, batch, rows, columns, cap, (i, u) => {
    f32[(p >>> 2) + i] = descended(f32[(p >>> 2) + i]!, shrink, round(step * u));
  });
}

export function adafactorMomentum(
  memory: Views,
  p: number,
  m: number,
  g: number,
  rowFactor: number,
  columnFactor: number,
  batch: number,
  rows: number,
  columns: number,
  cap: number,
  shrink: number,
  beta1: number,
  step: number,
): void {
  const { f32 } = memory;
  [cap, shrink, beta1, step] = [round(cap), round(shrink), round(beta1), round(step)];
  forEachUpdate(memory, g, rowFactor, columnFactor, batch, rows, columns, cap, (i, u) => {
    const moved = mulAdd(beta1, f32[(m >>> 2) + i]!, round(step * u));
    f32[(m >>> 2) + i] = moved;
    f32[(p >>> 2) + i] = descended(f32[(p >>> 2) + i]!, shrink, moved);
  });
}
