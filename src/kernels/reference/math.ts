/** Twin of assembly/math.ts. */
import { copysign, exponent, f32, fraction, mulAdd, nearest, pow2 } from "./lanes.ts";

const LOG2_E = f32(Math.LOG2E);
const LN2_LOW = f32(-2.1219444e-4);
const EXP = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1].map(
  f32,
);
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f32);
const TANH = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1].map(f32);
const SQRT_2 = f32(1.41421354);
const TINY = f32(1.17549435e-38);

/** Horner's rule, coefficients from the highest power down. */
export function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) sum = mulAdd(sum, x, coefficients[i]!);
  return sum;
}

export function exp(x: number): number {
  const clamped = Math.min(Math.max(x, -104), 89);
  const n = nearest(f32(clamped * LOG2_E));
  const r = f32(f32(clamped - f32(n * 0.693359375)) - f32(n * LN2_LOW));
  const q = f32(f32(f32(polynomial(r, EXP) * f32(r * r)) + r) + 1);
  const half = Math.floor(n * 0.5);
  return f32(f32(q * pow2(half)) * pow2(n - half));
}

/** log((1 + z) 2^e) for z in [sqrt(1/2) - 1, sqrt 2 - 1]. */
export function logNear(z: number, e: number): number {
  const zz = f32(z * z);
  let y = f32(f32(polynomial(z, LOG) * z) * zz);
  y = mulAdd(e, LN2_LOW, y);
  y = f32(y - f32(zz * 0.5));
  return f32(f32(z + y) + f32(e * 0.693359375));
}

export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  const scaled = x < TINY ? f32(x * 8388608) : x;
  let e = exponent(scaled) - (x < TINY ? 23 : 0);
  let f = fraction(scaled);
  if (f >= SQRT_2) {
    e += 1;
    f *= 0.5;
  }
  return logNear(f32(f - 1), e);
}

export function tanh(x: number): number {
  const a = Math.abs(x);
  if (a < 0.625) {
    const s = f32(x * x);
    return copysign(f32(f32(f32(polynomial(s, TANH) * s) * x) + x), x);
  }
  return copysign(f32(1 - f32(2 / f32(exp(f32(a + a)) + 1))), x);
}

export function sigmoid(x: number): number {
  return f32(1 / f32(1 + exp(f32(0 - x))));
}
