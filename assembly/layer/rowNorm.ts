/**
 * Normalisation of each row of [rows, columns], with weight and bias for each column: layer and RMS norm, and group
 * norm over channels of one element. See src/nn/functions/layerNorm.ts and src/nn/functions/rmsNorm.ts.
 *
 * Weights hold `period` rows, of which row r takes number r mod period; 1 for layer norm, the groups for group norm.
 * `saved` holds for each row the mean in two parts and 1 / deviation, [3, rows]; for RMS norm the last alone.
 */
import { addProducts, addValues } from "../chunk";
import { dot, sum, sumSquares } from "../fold";
import { mul, splat } from "../lanes";
import {
  addTotals,
  centred,
  inverseDeviation,
  moments,
  normalised,
  storeStatistics,
  throughNormal,
} from "../statistics";
import { Pointer, Size, Workspace } from "../words";

/** y = (x - mean) (rstd weight) + bias over one row. */
function normalise<Lane>(
  x: Pointer,
  weight: Pointer,
  bias: Pointer,
  y: Pointer,
  n: Size,
  mean: f32,
  low: f32,
  rstd: f32,
): void {
  const gain = mul<Lane>(splat<Lane>(rstd), load<Lane>(weight));
  store<Lane>(y, normalised<Lane>(load<Lane>(x), splat<Lane>(mean), splat<Lane>(low), gain, load<Lane>(bias)));
}

/** y = (x - mean) (rstd weight) + bias, mean and rstd those of each row; `acc` is two float64. y may be x. */
export function layerNorm(
  x: Pointer,
  weight: Pointer,
  bias: Pointer,
  y: Pointer,
  saved: Pointer,
  acc: Workspace,
  rows: Size,
  columns: Size,
  period: Size,
  eps: f32,
): void {
  const end = columns << 2;
  const plane = rows << 2;
  for (let r: usize = 0; r < rows; r++, x += end, y += end, saved += 4) {
    const shift = f64(load<f32>(x));
    moments(x, columns, shift, acc);
    storeStatistics(saved, plane, shift, load<f64>(acc), load<f64>(acc, 8), f64(columns), eps);
    const rstd = load<f32>(saved + (plane << 1));
    const at = (r % period) * end;
    normalise(x, weight + at, bias + at, y, columns, load<f32>(saved), load<f32>(saved + plane), rstd);
  }
}

/** normal = (x - mean) rstd and g = dy weight over one row. */
function prepare<Lane>(
  x: Pointer,
  weight: Pointer,
  dy: Pointer,
  normal: Pointer,
  g: Pointer,
  n: Size,
  mean: f32,
  low: f32,
  rstd: f32,
): void {
  store<Lane>(normal, mul<Lane>(centred<Lane>(load<Lane>(x), splat<Lane>(mean), splat<Lane>(low)), splat<Lane>(rstd)));
  store<Lane>(g, mul<Lane>(load<Lane>(dy), load<Lane>(weight)));
}

/** dx = rstd (g - m1 - normal m2) over one row. */
function differentiate<Lane>(g: Pointer, normal: Pointer, dx: Pointer, n: Size, m1: f32, m2: f32, rstd: f32): void {
  const slope = throughNormal<Lane>(
    load<Lane>(g),
    load<Lane>(normal),
    splat<Lane>(m1),
    splat<Lane>(m2),
    splat<Lane>(rstd),
  );
  store<Lane>(dx, slope);
}

/**
 * With n = (x - mean) rstd and g = dy weight: dx = rstd (g - mean(g) - n mean(g n)), dWeight += sum dy n,
 * dBias += sum dy. `work` holds n and g of a row, `acc` the sums over rows; dx may be dy.
 */
export function layerNormBackward(
  x: Pointer,
  weight: Pointer,
  dy: Pointer,
  saved: Pointer,
  dx: Pointer,
  dWeight: Pointer,
  dBias: Pointer,
  work: Workspace,
  acc: Workspace,
  rows: Size,
  columns: Size,
  period: Size,
): void {
  const end = columns << 2;
  const plane = rows << 2;
  const parameters = period * columns;
  const accBias = acc + (parameters << 3);
  const g = work + end;
  memory.fill(acc, 0, parameters << 4);
  for (let r: usize = 0; r < rows; r++, x += end, dy += end, dx += end, saved += 4) {
    const rstd = load<f32>(saved + (plane << 1));
    const at = (r % period) * end;
    prepare(x, weight + at, dy, work, g, columns, load<f32>(saved), load<f32>(saved + plane), rstd);
    addProducts(dy, work, acc + (at << 1), columns);
    addValues(dy, accBias + (at << 1), columns);
    const m1 = f32(sum(g, columns) / f64(columns));
    differentiate(g, work, dx, columns, m1, f32(dot(g, work, columns) / f64(columns)), rstd);
  }
  addTotals(acc, dWeight, parameters);
  addTotals(accBias, dBias, parameters);
}

/** y = x (rstd weight) over one row. */
function weighted<Lane>(x: Pointer, weight: Pointer, y: Pointer, n: Size, rstd: f32): void {
  store<Lane>(y, mul<Lane>(load<Lane>(x), mul<Lane>(splat<Lane>(rstd), load<Lane>(weight))));
}

/** y = x (rstd weight), rstd = 1 / sqrt(mean(x^2) + eps) of each row; y may be x. */
export function rmsNorm(
  x: Pointer,
  weight: Pointer,
  y: Pointer,
  saved: Pointer,
  rows: Size,
  columns: Size,
  eps: f32,
): void {
  const end = columns << 2;
  for (const last = saved + (rows << 2); saved < last; saved += 4, x += end, y += end) {
    const rstd = inverseDeviation(sumSquares(x, columns) / f64(columns), eps);
    store<f32>(saved, rstd);
    weighted(x, weight, y, columns, rstd);
  }
}

/** With n = x rstd and g = dy weight: dx = rstd (g - n mean(g n)), dWeight += sum dy n; else as layerNormBackward. */
export function rmsNormBackward(
  x: Pointer,
  weight: Pointer,
  dy: Pointer,
  saved: Pointer,
  dx: Pointer,
  dWeight: Pointer,
  work: Workspace,
  acc: Workspace,
  rows: Size,
  columns: Size,
): void {
  const end = columns << 2;
  const g = work + end;
  memory.fill(acc, 0, columns << 3);
  for (const last = saved + (rows << 2); saved < last; saved += 4, x += end, dy += end, dx += end) {
    const rstd = load<f32>(saved);
    prepare(x, weight, dy, work, g, columns, 0, 0, rstd);
    addProducts(dy, work, acc, columns);
    differentiate(g, work, dx, columns, 0, f32(dot(g, work, columns) / f64(columns)), rstd);
  }
  addTotals(acc, dWeight, columns);
}
