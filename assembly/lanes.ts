/**
 * One arithmetic for two lane widths.
 *
 * Every function is generic over `T`: `v128` holds four float32 lanes, `f32` one. `isVector<T>()` is decided at
 * compile time, so a kernel written over `T` becomes the SIMD loop, its scalar tail, and the whole scalar build.
 * Only correctly rounded operations appear here, hence a map gives the same bits at every width.
 */
import { Pointer, Size } from "./words";

/** Lanes of `T`. */
export function width<T>(): Size {
  return isVector<T>() ? 4 : 1;
}

/** Bytes of `T` in memory. */
export function stride<T>(): Size {
  return width<T>() << 2;
}

export function splat<T>(x: f32): T {
  if (isVector<T>()) return f32x4.splat(x);
  return x as T;
}

export function add<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.add(a, b);
  return a + b;
}

export function sub<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.sub(a, b);
  return a - b;
}

export function mul<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.mul(a, b);
  return a * b;
}

export function div<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.div(a, b);
  return a / b;
}

/** `a * b + c`, rounded twice. The one place where a fused variant could be switched in. */
export function mulAdd<T>(a: T, b: T, c: T): T {
  return add<T>(mul<T>(a, b), c);
}

export function sqrt<T>(a: T): T {
  if (isVector<T>()) return f32x4.sqrt(a);
  return f32.sqrt(a) as T;
}

export function abs<T>(a: T): T {
  if (isVector<T>()) return f32x4.abs(a);
  return f32.abs(a) as T;
}

/** The smaller; NaN if either is NaN; -0 < +0. */
export function min<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.min(a, b);
  return f32.min(a, b) as T;
}

/** The larger; NaN if either is NaN; +0 > -0. */
export function max<T>(a: T, b: T): T {
  if (isVector<T>()) return f32x4.max(a, b);
  return f32.max(a, b) as T;
}

/** `condition ? a : b` of float32 without a branch, which is what engines make of a selection, often a wrong guess. */
function blend<T>(condition: i32, a: T, b: T): T {
  const mask = -condition;
  return reinterpret<f32>((reinterpret<i32>(a) & mask) | (reinterpret<i32>(b) & ~mask)) as T;
}

/** `x < y ? a : b`, lane by lane; `b` where a comparand is NaN. */
export function whenLess<T>(x: T, y: T, a: T, b: T): T {
  if (isVector<T>()) return v128.bitselect(a, b, f32x4.lt(x, y));
  return blend<T>(i32(x < y), a, b);
}

/** `x == y ? a : b`, lane by lane; `b` where a comparand is NaN. */
export function whenEqual<T>(x: T, y: T, a: T, b: T): T {
  if (isVector<T>()) return v128.bitselect(a, b, f32x4.eq(x, y));
  return blend<T>(i32(x == y), a, b);
}

/** `a` where the 32-bit integer stored at `at` is even, `b` where it is odd. */
export function whenEven<T>(at: Pointer, a: T, b: T): T {
  if (isVector<T>()) return v128.bitselect(b, a, i32x4.neg(v128.and(v128.load(at), i32x4.splat(1))));
  return blend<T>(load<u32>(at) & 1, b, a);
}

/** `low` below it, else `a`, NaN included: one instruction, where `max` is eight. */
export function atLeast<T>(a: T, low: T): T {
  if (isVector<T>()) return f32x4.pmax(a, low);
  return select<T>(low, a, a < low);
}

/** `high` above it, else `a`, NaN included. */
export function atMost<T>(a: T, high: T): T {
  if (isVector<T>()) return f32x4.pmin(a, high);
  return whenLess<T>(high, a, high, a);
}

/** `low` below it, `high` above it, else `a`, NaN included. */
export function clip<T>(a: T, low: T, high: T): T {
  return atMost<T>(atLeast<T>(a, low), high);
}

/** `x`, or 0 where `w` is 0. */
export function unlessZero<T>(w: T, x: T): T {
  if (isVector<T>()) return v128.andnot(x, f32x4.eq(w, f32x4.splat(0)));
  return blend<T>(i32(w == 0), splat<T>(0), x);
}

/** `w x`, or 0 where `w` is 0, be `x` infinite or NaN: what has no weight does not count. */
export function weigh<T>(w: T, x: T): T {
  return unlessZero<T>(w, mul<T>(w, x));
}

/** 1 or -1 by the sign of `a`; 0 for 0 and, as in torch, for NaN. */
export function sign<T>(a: T): T {
  const zero = splat<T>(0);
  return whenLess<T>(zero, a, splat<T>(1), whenLess<T>(a, zero, splat<T>(-1), zero));
}

/** The magnitude of `a` with the sign of `s`. */
export function copysign<T>(a: T, s: T): T {
  if (isVector<T>()) return v128.bitselect(s, a, i32x4.splat(0x80000000));
  return f32.copysign(a, s) as T;
}

/** 2^floor(n / 2) for an integral n in [-252, 254], given as `n + 1.5 2^23`, where its bits are the low ones. */
export function pow2Half<T>(shifted: T): T {
  if (isVector<T>()) return i32x4.shl(i32x4.shr_u(i32x4.add(shifted, i32x4.splat(254)), 1), 23);
  return reinterpret<f32>(((reinterpret<u32>(shifted) + 254) >> 1) << 23) as T;
}

/** 2^(n - floor(n / 2)), likewise. */
export function pow2Rest<T>(shifted: T): T {
  if (isVector<T>()) {
    const biased = i32x4.add(shifted, i32x4.splat(254));
    return i32x4.shl(i32x4.sub(biased, i32x4.shr_u(biased, 1)), 23);
  }
  const biased = reinterpret<u32>(shifted) + 254;
  return reinterpret<f32>((biased - (biased >> 1)) << 23) as T;
}

/** Bits of the float32 next to sqrt(1/2). */
const ROOT_HALF: u32 = 0x3f3504f3;

/** The exponent e of a positive normal `x` = f 2^e with f in [sqrt(1/2), sqrt 2). */
export function exponent<T>(x: T): T {
  if (isVector<T>()) return f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.sub(x, i32x4.splat(ROOT_HALF)), 23));
  return f32(i32(reinterpret<u32>(x) - ROOT_HALF) >> 23) as T;
}

/** The fraction f in [sqrt(1/2), sqrt 2) of a positive normal `x` = f 2^e. */
export function fraction<T>(x: T): T {
  if (isVector<T>()) {
    const above = i32x4.sub(x, i32x4.splat(ROOT_HALF));
    return i32x4.add(v128.and(above, i32x4.splat(0x007fffff)), i32x4.splat(ROOT_HALF));
  }
  return reinterpret<f32>(((reinterpret<u32>(x) - ROOT_HALF) & 0x007fffff) + ROOT_HALF) as T;
}

/** The float32 nearest to the 31 high bits of the 32-bit integers stored at `at`, as an integer in [0, 2^31]. */
export function loadHigh31<T>(at: Pointer): T {
  if (isVector<T>()) return f32x4.convert_i32x4_u(i32x4.shr_u(v128.load(at), 1));
  return f32(load<u32>(at) >> 1) as T;
}

/** The 24 high bits of the 32-bit integers stored at `at`, exact. */
export function loadHigh24<T>(at: Pointer): T {
  if (isVector<T>()) return f32x4.convert_i32x4_u(i32x4.shr_u(v128.load(at), 8));
  return f32(load<u32>(at) >> 8) as T;
}

/** `a`, negated where the lowest bit of the 32-bit integer stored at `at` is set. */
export function flipByLowBit<T>(a: T, at: Pointer): T {
  if (isVector<T>()) return v128.xor(a, i32x4.shl(v128.load(at), 31));
  return reinterpret<f32>(reinterpret<u32>(a) ^ (load<u32>(at) << 31)) as T;
}
