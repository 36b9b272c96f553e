/**
 * What the normalisations share. A mean is kept as two float32, the second what rounding took from the first: x - mean
 * is then exact to a rounding of the difference, however far from 0 the values lie.
 */
import { CHUNK, chunkDeviations } from "./chunk";
import { mul, mulAdd, sub } from "./lanes";

/** sum (x_i - mean)^2 */
export function sumDeviations(x: usize, n: usize, mean: f64): f64 {
  let total: f64 = 0;
  for (; n > CHUNK; n -= CHUNK, x += CHUNK << 2) total += chunkDeviations(x, CHUNK, mean);
  return total + chunkDeviations(x, n, mean);
}

/** 1 / sqrt(variance + eps) */
export function inverseDeviation(variance: f64, eps: f32): f32 {
  return f32(1 / f64.sqrt(variance + f64(eps)));
}

/** Stores the two parts of a mean, `plane` bytes apart. */
export function storeMean(saved: usize, plane: usize, mean: f64): void {
  const high = f32(mean);
  store<f32>(saved, high);
  store<f32>(saved + plane, f32(mean - f64(high)));
}

/** x - mean */
export function centred<T>(x: T, mean: T, low: T): T {
  return sub<T>(sub<T>(x, mean), low);
}

/** (x - mean) gain + bias, where gain is weight / deviation. */
export function normalised<T>(x: T, mean: T, low: T, gain: T, bias: T): T {
  return mulAdd<T>(centred<T>(x, mean, low), gain, bias);
}

/** rstd (g - m1 - n m2): the gradient of x from that of its normal form n, with m1 = mean(g) and m2 = mean(g n). */
export function throughNormal<T>(g: T, n: T, m1: T, m2: T, rstd: T): T {
  return mul<T>(rstd, sub<T>(sub<T>(g, m1), mul<T>(n, m2)));
}

/** y_i += acc_i, of float64, each rounded once. */
export function addTotals(acc: usize, y: usize, n: usize): void {
  const end = y + (n << 2);
  for (; y < end; y += 4, acc += 8) store<f32>(y, load<f32>(y) + f32(load<f64>(acc)));
}
