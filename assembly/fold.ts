/**
 * Reductions in one canonical order, whatever the lane width: element i goes to partial i mod 8 of its chunk of 1024,
 * tail included; the eight partials are added pairwise; chunk results are added in order. All in float64, where the
 * square or product of two float32 is exact and no sum of finite float32 overflows: a result is finite if and only if
 * every element is.
 */
import { abs, max, splat } from "./lanes";

/** Elements of a chunk. Shards that start at a multiple of it keep the bits. */
const CHUNK: usize = 1024;

/** Tags for what a fold adds: one loop serves all three, chosen at compile time by the size of the tag. */
type Plain = i8;
type Magnitude = i16;
type Product = i32;

function term<Op>(x: usize, y: usize): f64 {
  const a = f64(load<f32>(x));
  if (sizeof<Op>() == sizeof<Product>()) return a * f64(load<f32>(y));
  if (sizeof<Op>() == sizeof<Magnitude>()) return f64.abs(a);
  return a;
}

function terms<Op>(x: usize, y: usize): v128 {
  const a = f64x2.promote_low_f32x4(v128.load64_zero(x));
  if (sizeof<Op>() == sizeof<Product>()) return f64x2.mul(a, f64x2.promote_low_f32x4(v128.load64_zero(y)));
  if (sizeof<Op>() == sizeof<Magnitude>()) return f64x2.abs(a);
  return a;
}

function chunk<Op>(x: usize, y: usize, n: usize): f64 {
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

function fold<Op>(x: usize, y: usize, n: usize): f64 {
  let total: f64 = 0;
  for (; n > CHUNK; n -= CHUNK, x += CHUNK << 2, y += CHUNK << 2) total += chunk<Op>(x, y, CHUNK);
  return total + chunk<Op>(x, y, n);
}

/** sum x_i */
export function sum(x: usize, n: usize): f64 {
  return fold<Plain>(x, x, n);
}

/** sum |x_i| */
export function sumAbs(x: usize, n: usize): f64 {
  return fold<Magnitude>(x, x, n);
}

/** sum x_i y_i */
export function dot(x: usize, y: usize, n: usize): f64 {
  return fold<Product>(x, y, n);
}

/** sum x_i^2 */
export function sumSquares(x: usize, n: usize): f64 {
  return fold<Product>(x, x, n);
}

/** max |x_i|; 0 when empty, NaN if any element is NaN. */
export function maxAbs(x: usize, n: usize): f32 {
  const end = x + (n << 2);
  let most: f32 = 0;
  if (ASC_FEATURE_SIMD) {
    let a = splat<v128>(0),
      b = a;
    for (; x + 32 <= end; x += 32) {
      a = max<v128>(a, abs<v128>(v128.load(x)));
      b = max<v128>(b, abs<v128>(v128.load(x, 16)));
    }
    a = max<v128>(a, b);
    most = max<f32>(
      max<f32>(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
      max<f32>(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)),
    );
  }
  for (; x < end; x += 4) most = max<f32>(most, abs<f32>(load<f32>(x)));
  return most;
}

/** How many elements are NaN or infinite. */
export function countNonFinite(x: usize, n: usize): u32 {
  const end = x + (n << 2);
  let count: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    const exponentBits = i32x4.splat(0x7f800000);
    let found = i32x4.splat(0);
    for (; x + 16 <= end; x += 16) {
      // A true lane is -1.
      found = i32x4.sub(found, i32x4.eq(v128.and(v128.load(x), exponentBits), exponentBits));
    }
    count =
      i32x4.extract_lane(found, 0) +
      i32x4.extract_lane(found, 1) +
      i32x4.extract_lane(found, 2) +
      i32x4.extract_lane(found, 3);
  }
  for (; x < end; x += 4) count += u32((load<u32>(x) & 0x7f800000) == 0x7f800000);
  return count;
}

/** The position of the first index that is not below `bound`, or -1. */
export function firstOutOfRange(index: usize, n: usize, bound: u32): i32 {
  for (let i: usize = 0; i < n; i++) {
    if (load<u32>(index + (i << 2)) >= bound) return i32(i);
  }
  return -1;
}
