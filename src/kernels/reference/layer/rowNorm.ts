/** Twin of assembly/layer/rowNorm.ts. */
import type { Views } from "../../../memory/heap.ts";
import { addProducts, addValues } from "../chunk.ts";
import { dot, sum, sumSquares } from "../fold.ts";
import { f32 as round } from "../lanes.ts";
import {
  addTotals,
  centred,
  inverseDeviation,
  moments,
  normalised,
  statisticsOf,
  throughNormal,
} from "../statistics.ts";

export function layerNorm(
  memory: Views,
  x: number,
  weight: number,
  bias: number,
  y: number,
  saved: number,
  _acc: number,
  rows: number,
  columns: number,
  period: number,
  eps: number,
): void {
  const { f32 } = memory;
  for (let r = 0; r < rows; r++) {
    const row = r * columns;
    const shift = f32[(x >>> 2) + row]!;
    const [mean, low, rstd] = statisticsOf(shift, moments(memory, x + 4 * row, columns, shift), columns, eps);
    for (const [part, value] of [mean, low, rstd].entries()) f32[(saved >>> 2) + part * rows + r] = value;
    const parameters = (r % period) * columns;
    for (let j = 0; j < columns; j++) {
      const gain = round(rstd * f32[(weight >>> 2) + parameters + j]!);
      const shift = f32[(bias >>> 2) + parameters + j]!;
      f32[(y >>> 2) + row + j] = normalised(f32[(x >>> 2) + row + j]!, mean, low, gain, shift);
    }
  }
}

/** normal = (x - mean) rstd and g = dy weight over one row; g lies behind normal. */
function prepare(
  { f32 }: Views,
  x: number,
  weight: number,
  dy: number,
  normal: number,
  n: number,
  [mean, low, rstd]: readonly [number, number, number],
): void {
  for (let i = 0; i < n; i++) {
    f32[(normal >>> 2) + i] = centred(f32[(x >>> 2) + i]!, mean, low) * rstd;
    f32[(normal >>> 2) + n + i] = f32[(dy >>> 2) + i]! * f32[(weight >>> 2) + i]!;
  }
}

/** dx = rstd (g - m1 - normal m2) over one row. */
function differentiate(
  { f32 }: Views,
  g: number,
  normal: number,
  dx: number,
  n: number,
  m1: number,
  m2: number,
  rstd: number,
): void {
  for (let i = 0; i < n; i++) {
    f32[(dx >>> 2) + i] = throughNormal(f32[(g >>> 2) + i]!, f32[(normal >>> 2) + i]!, m1, m2, rstd);
  }
}

export function layerNormBackward(
  memory: Views,
  x: number,
  weight: number,
  dy: number,
  saved: number,
  dx: number,
  dWeight: number,
  dBias: number,
  work: number,
  acc: number,
  rows: number,
  columns: number,
  period: number,
): void {
  const { f32, f64 } = memory;
  const parameters = period * columns;
  const g = work + 4 * columns;
  f64.fill(0, acc >>> 3, (acc >>> 3) + 2 * parameters);
  for (let r = 0; r < rows; r++) {
    const row = 4 * r * columns;
    const at = (r % period) * columns;
    const [mean, low, rstd] = [0, 1, 2].map((part) => f32[(saved >>> 2) + part * rows + r]!) as [
      number,
      number,
      number,
    ];
    prepare(memory, x + row, weight + 4 * at, dy + row, work, columns, [mean, low, rstd]);
    addProducts(memory, dy + row, work, acc + 8 * at, columns);
    addValues(memory, dy + row, acc + 8 * (parameters + at), columns);
    const m1 = round(sum(memory, g, columns) / columns);
    const m2 = round(dot(memory, g, work, columns) / columns);
    differentiate(memory, g, work, dx + row, columns, m1, m2, rstd);
  }
  addTotals(memory, acc, dWeight, parameters);
  addTotals(memory, acc + 8 * parameters, dBias, parameters);
}

export function rmsNorm(
  memory: Views,
  x: number,
  weight: number,
  y: number,
  saved: number,
  rows: number,
  columns: number,
  eps: number,
): void {
  const { f32 } = memory;
  for (let r = 0; r < rows; r++) {
    const row = r * columns;
    const rstd = inverseDeviation(sumSquares(memory, x + 4 * row, columns) / columns, eps);
    f32[(saved >>> 2) + r] = rstd;
    for (let j = 0; j < columns; j++) {
      f32[(y >>> 2) + row + j] = f32[(x >>> 2) + row + j]! * round(rstd * f32[(weight >>> 2) + j]!);
    }
  }
}

export function rmsNormBackward(
  memory: Views,
  x: number,
  weight: number,
  dy: number,
  saved: number,
  dx: number,
  dWeight: number,
  work: number,
  acc: number,
  rows: number,
  columns: number,
): void {
  const { f32, f64 } = memory;
  const g = work + 4 * columns;
  f64.fill(0, acc >>> 3, (acc >>> 3) + columns);
  for (let r = 0; r < rows; r++) {
    const row = 4 * r * columns;
    const rstd = f32[(saved >>> 2) + r]!;
    prepare(memory, x + row, weight, dy + row, work, columns, [0, 0, rstd]);
    addProducts(memory, dy + row, work, acc, columns);
    const m2 = round(dot(memory, g, work, columns) / columns);
    differentiate(memory, g, work, dx + row, columns, 0, m2, rstd);
  }
  addTotals(memory, acc, dWeight, columns);
}
