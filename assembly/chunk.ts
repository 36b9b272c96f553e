/**
 * The sum of one chunk, which every reduction is made of: element i goes to partial i mod 8, tail included, and the
 * eight partials are added pairwise, in float64. Kernels that map and sum in one pass sum each chunk they have mapped
 * while it is still in the first cache. Sums down columns run row by row instead.
 */
import { Pointer, Size } from "./words";

/** Elements of a chunk. Shards that start at a multiple of it keep the bits. */
export const CHUNK: usize = 1024;

/** Tags for what a fold adds: one loop serves all four, chosen at compile time by the size of the tag. */
export type Plain = i8;
export type Magnitude = i16;
export type Product = i32;
export type Square = i64;

function term<Op>(x: Pointer, y: Pointer): f64 {
  const a = f64(load<f32>(x));
  if (sizeof<Op>() == sizeof<Product>()) return a * f64(load<f32>(y));
  if (sizeof<Op>() == sizeof<Magnitude>()) return f64.abs(a);
  if (sizeof<Op>() == sizeof<Square>()) return a * a;
  return a;
}

function terms<Op>(x: Pointer, y: Pointer): v128 {
  const a = f64x2.promote_low_f32x4(v128.load64_zero(x));
  if (sizeof<Op>() == sizeof<Product>()) return f64x2.mul(a, f64x2.promote_low_f32x4(v128.load64_zero(y)));
  if (sizeof<Op>() == sizeof<Magnitude>()) return f64x2.abs(a);
  if (sizeof<Op>() == sizeof<Square>()) return f64x2.mul(a, a);
  return a;
}

/** One chunk: n <= CHUNK. */
export function chunk<Op>(x: Pointer, y: Pointer, n: Size): f64 {
  let s0: f64 = 0,
    s1: f64 = 0,
    s2: f64 = 0,
    s3: f64 = 0,
    s4: f64 = 0,
    s5: f64 = 0,
    s6: f64 = 0,
    s7: f64 = 0;
  const whole = x + ((n & ~7) << 2);
  if (ASC_FEATURE_SIMD) {
    let a = f64x2.splat(0),
      b = f64x2.splat(0),
      c = f64x2.splat(0),
      d = f64x2.splat(0);
    for (; x < whole; x += 32, y += 32) {
      a = f64x2.add(a, terms<Op>(x, y));
      b = f64x2.add(b, terms<Op>(x + 8, y + 8));
      c = f64x2.add(c, terms<Op>(x + 16, y + 16));
      d = f64x2.add(d, terms<Op>(x + 24, y + 24));
    }
    s0 = f64x2.extract_lane(a, 0);
    s1 = f64x2.extract_lane(a, 1);
    s2 = f64x2.extract_lane(b, 0);
    s3 = f64x2.extract_lane(b, 1);
    s4 = f64x2.extract_lane(c, 0);
    s5 = f64x2.extract_lane(c, 1);
    s6 = f64x2.extract_lane(d, 0);
    s7 = f64x2.extract_lane(d, 1);
  } else {
    for (; x < whole; x += 32, y += 32) {
      s0 += term<Op>(x, y);
      s1 += term<Op>(x + 4, y + 4);
      s2 += term<Op>(x + 8, y + 8);
      s3 += term<Op>(x + 12, y + 12);
      s4 += term<Op>(x + 16, y + 16);
      s5 += term<Op>(x + 20, y + 20);
      s6 += term<Op>(x + 24, y + 24);
      s7 += term<Op>(x + 28, y + 28);
    }
  }
  const rest = n & 7;
  if (rest > 0) s0 += term<Op>(x, y);
  if (rest > 1) s1 += term<Op>(x + 4, y + 4);
  if (rest > 2) s2 += term<Op>(x + 8, y + 8);
  if (rest > 3) s3 += term<Op>(x + 12, y + 12);
  if (rest > 4) s4 += term<Op>(x + 16, y + 16);
  if (rest > 5) s5 += term<Op>(x + 20, y + 20);
  if (rest > 6) s6 += term<Op>(x + 24, y + 24);
  return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7));
}

/** sum x_i of a chunk. */
export function chunkSum(x: Pointer, n: Size): f64 {
  return chunk<Plain>(x, x, n);
}

/** sum |x_i| of a chunk. */
export function chunkSumAbs(x: Pointer, n: Size): f64 {
  return chunk<Magnitude>(x, x, n);
}

/** sum x_i y_i of a chunk. */
export function chunkDot(x: Pointer, y: Pointer, n: Size): f64 {
  return chunk<Product>(x, y, n);
}

/** acc_i += the term of element i, into float64. */
function accumulate<Op>(x: Pointer, y: Pointer, acc: Pointer, n: Size): void {
  const end = x + (n << 2);
  if (ASC_FEATURE_SIMD) {
    for (; x + 8 <= end; x += 8, y += 8, acc += 16) v128.store(acc, f64x2.add(v128.load(acc), terms<Op>(x, y)));
  }
  for (; x < end; x += 4, y += 4, acc += 8) store<f64>(acc, load<f64>(acc) + term<Op>(x, y));
}

/** acc_i += x_i, into float64. */
export function addValues(x: Pointer, acc: Pointer, n: Size): void {
  accumulate<Plain>(x, x, acc, n);
}

/** acc_i += x_i y_i, into float64. */
export function addProducts(x: Pointer, y: Pointer, acc: Pointer, n: Size): void {
  accumulate<Product>(x, y, acc, n);
}

/** acc_i += x_i^2, into float64. */
export function addSquares(x: Pointer, acc: Pointer, n: Size): void {
  accumulate<Square>(x, x, acc, n);
}
