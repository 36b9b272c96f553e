/**
 * The operations of assembly/lanes.ts in plain JavaScript. Rounding a float64 result of + - * / sqrt over float32
 * operands to float32 gives the correctly rounded float32 result (float64 has more than twice the digits), so `f32`
 * around each operation is exact.
 */
export const f32 = Math.fround;

const value = new Float32Array(1);
const bits = new Uint32Array(value.buffer);

export function mulAdd(a: number, b: number, c: number): number {
  return f32(f32(a * b) + c);
}

/** `x < y ? a : b`; `b` where a comparand is NaN. */
export function whenLess(x: number, y: number, a: number, b: number): number {
  return x < y ? a : b;
}

/** `low` below it, else `a`, NaN included. */
export function atLeast(a: number, low: number): number {
  return whenLess(a, low, low, a);
}

/** `high` above it, else `a`, NaN included. */
export function atMost(a: number, high: number): number {
  return whenLess(high, a, high, a);
}

/** `low` below it, `high` above it, else `a`, NaN included. */
export function clip(a: number, low: number, high: number): number {
  return atMost(atLeast(a, low), high);
}

/** `x`, or 0 where `w` is 0. */
export function unlessZero(w: number, x: number): number {
  return w === 0 ? 0 : x;
}

export function weigh(w: number, x: number): number {
  return f32(unlessZero(w, w * x));
}

/** Nearest integer, ties to even. */
export function nearest(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** 1 or -1 by the sign of `a`; 0 for 0 and for NaN. */
export function sign(a: number): number {
  return Number(a > 0) - Number(a < 0);
}

export function copysign(a: number, s: number): number {
  value[0] = s;
  return bits[0]! >>> 31 ? -Math.abs(a) : Math.abs(a);
}

export function pow2(n: number): number {
  bits[0] = ((Number.isNaN(n) ? 0 : n) + 127) << 23;
  return value[0]!;
}

export function exponent(x: number): number {
  value[0] = x;
  return (bits[0]! >>> 23) - 127;
}

export function fraction(x: number): number {
  value[0] = x;
  bits[0] = (bits[0]! & 0x007fffff) | 0x3f800000;
  return value[0]!;
}
