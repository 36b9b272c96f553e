/**
 * Reductions in one canonical order, whatever the lane width: element i goes to partial i mod 8 of its chunk of 1024,
 * tail included; the eight partials are added pairwise; chunk results are added in order. All in float64, where the
 * square or product of two float32 is exact and no sum of finite float32 overflows: a result is finite if and only if
 * every element is.
 */
import { CHUNK, chunk, Magnitude, Plain, Product } from "./chunk";
import { abs, max, splat } from "./lanes";

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
