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

function normaliseAt<T>(x: usize, weight: usize, bias: usize, y: usize, mean: f32, low: f32, rstd: f32): void {
  const gain = mul<T>(splat<T>(rstd), load<T>(weight));
  store<T>(y, normalised<T>(load<T>(x), splat<T>(mean), splat<T>(low), gain, load<T>(bias)));
}

/** y = (x - mean) (rstd weight) + bias, mean and rstd those of each row; `sums` is two float64. y may be x. */
export function layerNorm(
  x: usize,
  weight: usize,
  bias: usize,
  y: usize,
  saved: usize,
  sums: usize,
  rows: usize,
  columns: usize,
  period: usize,
  eps: f32,
): void {
  const end = columns << 2;
  const plane = rows << 2;
  for (let r: usize = 0; r < rows; r++, x += end, y += end, saved += 4) {
    const shift = f64(load<f32>(x));
    moments(x, columns, shift, sums);
    storeStatistics(saved, plane, shift, load<f64>(sums), load<f64>(sums, 8), f64(columns), eps);
    const mean = load<f32>(saved);
    const low = load<f32>(saved + plane);
    const rstd = load<f32>(saved + (plane << 1));
    const w = weight + (r % period) * end;
    const b = bias + (r % period) * end;
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && end >= 16) {
      do {
        normaliseAt<v128>(x + i, w + i, b + i, y + i, mean, low, rstd);
        i += 16;
      } while (i + 16 <= end);
    }
    for (; i < end; i += 4) normaliseAt<f32>(x + i, w + i, b + i, y + i, mean, low, rstd);
  }
}

function prepareAt<T>(
  x: usize,
  weight: usize,
  dy: usize,
  normal: usize,
  g: usize,
  mean: f32,
  low: f32,
  rstd: f32,
): void {
  store<T>(normal, mul<T>(centred<T>(load<T>(x), splat<T>(mean), splat<T>(low)), splat<T>(rstd)));
  store<T>(g, mul<T>(load<T>(dy), load<T>(weight)));
}

/** normal = (x - mean) rstd and g = dy weight over one row; g lies behind normal. */
function prepare(x: usize, weight: usize, dy: usize, normal: usize, end: usize, mean: f32, low: f32, rstd: f32): void {
  const g = normal + end;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      prepareAt<v128>(x + i, weight + i, dy + i, normal + i, g + i, mean, low, rstd);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) prepareAt<f32>(x + i, weight + i, dy + i, normal + i, g + i, mean, low, rstd);
}

function throughNormalAt<T>(g: usize, normal: usize, dx: usize, m1: f32, m2: f32, rstd: f32): void {
  store<T>(dx, throughNormal<T>(load<T>(g), load<T>(normal), splat<T>(m1), splat<T>(m2), splat<T>(rstd)));
}

/** dx = rstd (g - m1 - normal m2) over one row. */
function differentiate(g: usize, normal: usize, dx: usize, end: usize, m1: f32, m2: f32, rstd: f32): void {
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      throughNormalAt<v128>(g + i, normal + i, dx + i, m1, m2, rstd);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) throughNormalAt<f32>(g + i, normal + i, dx + i, m1, m2, rstd);
}

/**
 * With n = (x - mean) rstd and g = dy weight: dx = rstd (g - mean(g) - n mean(g n)), dWeight += sum dy n,
 * dBias += sum dy. `work` holds n and g of a row, `acc` the sums over rows; dx may be dy.
 */
export function layerNormBackward(
  x: usize,
  weight: usize,
  dy: usize,
  saved: usize,
  dx: usize,
  dWeight: usize,
  dBias: usize,
  work: usize,
  acc: usize,
  rows: usize,
  columns: usize,
  period: usize,
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
    prepare(x, weight + at, dy, work, end, load<f32>(saved), load<f32>(saved + plane), rstd);
    addProducts(dy, work, acc + (at << 1), columns);
    addValues(dy, accBias + (at << 1), columns);
    const m1 = f32(sum(g, columns) / f64(columns));
    differentiate(g, work, dx, end, m1, f32(dot(g, work, columns) / f64(columns)), rstd);
  }
  addTotals(acc, dWeight, parameters);
  addTotals(accBias, dBias, parameters);
}

function rmsNormAt<T>(x: usize, weight: usize, y: usize, rstd: f32): void {
  store<T>(y, mul<T>(load<T>(x), mul<T>(splat<T>(rstd), load<T>(weight))));
}

/** y = x (rstd weight), rstd = 1 / sqrt(mean(x^2) + eps) of each row; y may be x. */
export function rmsNorm(x: usize, weight: usize, y: usize, saved: usize, rows: usize, columns: usize, eps: f32): void {
  const end = columns << 2;
  for (const last = saved + (rows << 2); saved < last; saved += 4, x += end, y += end) {
    const rstd = inverseDeviation(sumSquares(x, columns) / f64(columns), eps);
    store<f32>(saved, rstd);
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && end >= 16) {
      do {
        rmsNormAt<v128>(x + i, weight + i, y + i, rstd);
        i += 16;
      } while (i + 16 <= end);
    }
    for (; i < end; i += 4) rmsNormAt<f32>(x + i, weight + i, y + i, rstd);
  }
}

/** With n = x rstd and g = dy weight: dx = rstd (g - n mean(g n)), dWeight += sum dy n; else as layerNormBackward. */
export function rmsNormBackward(
  x: usize,
  weight: usize,
  dy: usize,
  saved: usize,
  dx: usize,
  dWeight: usize,
  work: usize,
  acc: usize,
  rows: usize,
  columns: usize,
): void {
  const end = columns << 2;
  const g = work + end;
  memory.fill(acc, 0, columns << 3);
  for (const last = saved + (rows << 2); saved < last; saved += 4, x += end, dy += end, dx += end) {
    const rstd = load<f32>(saved);
    prepare(x, weight, dy, work, end, 0, 0, rstd);
    addProducts(dy, work, acc, columns);
    differentiate(g, work, dx, end, 0, f32(dot(g, work, columns) / f64(columns)), rstd);
  }
  addTotals(acc, dWeight, columns);
}
