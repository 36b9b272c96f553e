/** Reductions in one canonical order, whatever the lane width: the sums of chunk.ts, added in order. */
import { CHUNK, chunk, Magnitude, Plain, Product, Square } from "./chunk";
import { Pointer, Size } from "./words";

function fold<Op>(x: Pointer, y: Pointer, n: Size): f64 {
  let total: f64 = 0;
  for (; n > CHUNK; n -= CHUNK, x += CHUNK << 2, y += CHUNK << 2) total += chunk<Op>(x, y, CHUNK);
  return total + chunk<Op>(x, y, n);
}

/** sum x_i */
export function sum(x: Pointer, n: Size): f64 {
  return fold<Plain>(x, x, n);
}

/** sum |x_i| */
export function sumAbs(x: Pointer, n: Size): f64 {
  return fold<Magnitude>(x, x, n);
}

/** sum x_i y_i */
export function dot(x: Pointer, y: Pointer, n: Size): f64 {
  return fold<Product>(x, y, n);
}

/** sum x_i^2 */
export function sumSquares(x: Pointer, n: Size): f64 {
  return fold<Square>(x, x, n);
}

/** max |x_i|; 0 when empty, NaN if any element is NaN: magnitudes are ordered as their bits are, NaN above infinity. */
export function maxAbs(x: Pointer, n: Size): f32 {
  const end = x + (n << 2);
  let most: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    const magnitude = i32x4.splat(0x7fffffff);
    let a = i32x4.splat(0),
      b = a;
    if (x + 32 <= end) {
      do {
        a = i32x4.max_u(a, v128.and(v128.load(x), magnitude));
        b = i32x4.max_u(b, v128.and(v128.load(x, 16), magnitude));
        x += 32;
      } while (x + 32 <= end);
    }
    a = i32x4.max_u(a, b);
    most = max<u32>(
      max<u32>(i32x4.extract_lane(a, 0), i32x4.extract_lane(a, 1)),
      max<u32>(i32x4.extract_lane(a, 2), i32x4.extract_lane(a, 3)),
    );
  }
  for (; x < end; x += 4) most = max<u32>(most, load<u32>(x) & 0x7fffffff);
  return reinterpret<f32>(most);
}

/** How many elements are NaN or infinite. */
export function countNonFinite(x: Pointer, n: Size): u32 {
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

/** The position of the first element that is NaN or of a magnitude not below `limit`, or -1; ordered as in `maxAbs`. */
export function firstNotBelow(x: Pointer, n: Size, limit: f32): i32 {
  const end = n << 2;
  const most = reinterpret<i32>(limit) - 1;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD) {
    const magnitude = i32x4.splat(0x7fffffff);
    const below = i32x4.splat(most);
    // Two vectors a turn, for the turn costs as much as they do.
    for (; i + 32 <= end; i += 32) {
      const a = v128.and(v128.load(x + i), magnitude);
      const b = v128.and(v128.load(x + i, 16), magnitude);
      if (v128.any_true(i32x4.gt_s(i32x4.max_s(a, b), below))) break;
    }
  }
  for (; i < end; i += 4) {
    if ((load<i32>(x + i) & 0x7fffffff) > most) return i32(i >> 2);
  }
  return -1;
}
