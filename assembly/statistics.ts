/**
 * What the normalisations share. A mean is kept as two float32, the second what rounding took from the first: x - mean
 * is then exact to a rounding of the difference, however far from 0 the values lie.
 */
import { mul, mulAdd, sub } from "./lanes";
import { Pointer, Size } from "./words";

/**
 * Stores sum (x_i - shift) and sum (x_i - shift)^2, in float64: element i goes to partial i mod 4, tail included.
 * With a value of the data for shift, its distance from the mean, squared, is at most n times the variance. The
 * difference of two sums that the variance comes from then loses log2 n of 53 bits and no more: one pass is enough.
 */
export function moments(x: Pointer, n: Size, shift: f64, sums: Pointer): void {
  let s0: f64 = 0,
    s1: f64 = 0,
    s2: f64 = 0,
    s3: f64 = 0,
    q0: f64 = 0,
    q1: f64 = 0,
    q2: f64 = 0,
    q3: f64 = 0;
  const whole = x + ((n & ~3) << 2);
  if (ASC_FEATURE_SIMD) {
    const origin = f64x2.splat(shift);
    let s01 = f64x2.splat(0),
      s23 = s01,
      q01 = s01,
      q23 = s01;
    for (; x < whole; x += 16) {
      const d01 = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(x)), origin);
      const d23 = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(x, 8)), origin);
      s01 = f64x2.add(s01, d01);
      s23 = f64x2.add(s23, d23);
      q01 = f64x2.add(q01, f64x2.mul(d01, d01));
      q23 = f64x2.add(q23, f64x2.mul(d23, d23));
    }
    s0 = f64x2.extract_lane(s01, 0);
    s1 = f64x2.extract_lane(s01, 1);
    s2 = f64x2.extract_lane(s23, 0);
    s3 = f64x2.extract_lane(s23, 1);
    q0 = f64x2.extract_lane(q01, 0);
    q1 = f64x2.extract_lane(q01, 1);
    q2 = f64x2.extract_lane(q23, 0);
    q3 = f64x2.extract_lane(q23, 1);
  } else {
    for (; x < whole; x += 16) {
      const d0 = f64(load<f32>(x)) - shift;
      const d1 = f64(load<f32>(x, 4)) - shift;
      const d2 = f64(load<f32>(x, 8)) - shift;
      const d3 = f64(load<f32>(x, 12)) - shift;
      s0 += d0;
      s1 += d1;
      s2 += d2;
      s3 += d3;
      q0 += d0 * d0;
      q1 += d1 * d1;
      q2 += d2 * d2;
      q3 += d3 * d3;
    }
  }
  const rest = n & 3;
  if (rest > 0) {
    const d = f64(load<f32>(x)) - shift;
    s0 += d;
    q0 += d * d;
  }
  if (rest > 1) {
    const d = f64(load<f32>(x, 4)) - shift;
    s1 += d;
    q1 += d * d;
  }
  if (rest > 2) {
    const d = f64(load<f32>(x, 8)) - shift;
    s2 += d;
    q2 += d * d;
  }
  store<f64>(sums, s0 + s1 + (s2 + s3));
  store<f64>(sums, q0 + q1 + (q2 + q3), 8);
}

/** 1 / sqrt(variance + eps) */
export function inverseDeviation(variance: f64, eps: f32): f32 {
  return f32(1 / f64.sqrt(variance + f64(eps)));
}

/**
 * Stores the mean in two parts and 1 / deviation, `plane` bytes apart, from sums of `count` elements about `shift`, and
 * returns the biased variance.
 */
export function storeStatistics(
  saved: Pointer,
  plane: Size,
  shift: f64,
  total: f64,
  squares: f64,
  count: f64,
  eps: f32,
): f64 {
  const distance = total / count;
  const mean = shift + distance;
  const variance = max<f64>(0, squares / count - distance * distance);
  const high = f32(mean);
  store<f32>(saved, high);
  store<f32>(saved + plane, f32(mean - f64(high)));
  store<f32>(saved + (plane << 1), inverseDeviation(variance, eps));
  return variance;
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
export function addTotals(acc: Pointer, y: Pointer, n: Size): void {
  const end = y + (n << 2);
  for (; y < end; y += 4, acc += 8) store<f32>(y, load<f32>(y) + f32(load<f64>(acc)));
}
