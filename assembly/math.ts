/**
 * Elementary functions in float32, over `T` of lanes.ts. Each has one operation order and uses only correctly rounded
 * operations, so its bits are the same in every engine. test/math.test.ts measures the ulp bounds stated here.
 *
 * Reductions and polynomials: S. L. Moshier, Cephes Mathematical Library 2.2 (single precision).
 */
import {
  abs,
  add,
  atLeast,
  clip,
  copysign,
  div,
  exponent,
  fraction,
  mul,
  mulAdd,
  pow2Half,
  pow2Rest,
  splat,
  sub,
  whenEqual,
  whenLess,
} from "./lanes";

/** e^x within 1 ulp, subnormal results included; 0 below -104, infinity above 88.73. */
export function exp<T>(x: T): T {
  return expWithin<T>(clip<T>(x, splat<T>(-104), splat<T>(89)));
}

/**
 * The same for x that is not above 89, as in a softmax, whose loop has no registers to spare: a cross-entropy over wide
 * rows took 1.25 times an `exp` and a `scale` with it, 1.32 with `exp`.
 */
export function expBelow89<T>(x: T): T {
  return expWithin<T>(atLeast<T>(x, splat<T>(-104)));
}

/** The same for x in [-104, 89]. */
function expWithin<T>(clamped: T): T {
  // Adding 1.5 2^23 rounds to the nearest integer, ties to even.
  const shifted = add<T>(mul<T>(clamped, splat<T>(1.44269504)), splat<T>(12582912));
  const n = sub<T>(shifted, splat<T>(12582912));
  // r = x - n ln 2, with ln 2 in two parts: n * 0.693359375 is exact.
  let r = sub<T>(clamped, mul<T>(n, splat<T>(0.693359375)));
  r = sub<T>(r, mul<T>(n, splat<T>(-2.1219444e-4)));
  let q = splat<T>(1.98756915e-4);
  q = mulAdd<T>(q, r, splat<T>(1.3981999507e-3));
  q = mulAdd<T>(q, r, splat<T>(8.3334519073e-3));
  q = mulAdd<T>(q, r, splat<T>(4.1665795894e-2));
  q = mulAdd<T>(q, r, splat<T>(1.6666665459e-1));
  q = mulAdd<T>(q, r, splat<T>(5.0000001201e-1));
  q = add<T>(add<T>(mul<T>(q, mul<T>(r, r)), r), splat<T>(1));
  // 2^n in two factors, so that overflow and subnormals come from one final rounding.
  return mul<T>(mul<T>(q, pow2Half<T>(shifted)), pow2Rest<T>(shifted));
}

/** log((1 + z) 2^e) for z in [sqrt(1/2) - 1, sqrt 2 - 1] and a whole e, however small z is. */
export function logNear<T>(z: T, e: T): T {
  const zz = mul<T>(z, z);
  let q = splat<T>(7.0376836292e-2);
  q = mulAdd<T>(q, z, splat<T>(-1.151461031e-1));
  q = mulAdd<T>(q, z, splat<T>(1.167699874e-1));
  q = mulAdd<T>(q, z, splat<T>(-1.2420140846e-1));
  q = mulAdd<T>(q, z, splat<T>(1.4249322787e-1));
  q = mulAdd<T>(q, z, splat<T>(-1.6668057665e-1));
  q = mulAdd<T>(q, z, splat<T>(2.0000714765e-1));
  q = mulAdd<T>(q, z, splat<T>(-2.4999993993e-1));
  q = mulAdd<T>(q, z, splat<T>(3.3333331174e-1));
  let y = mul<T>(mul<T>(q, z), zz);
  y = mulAdd<T>(e, splat<T>(-2.1219444e-4), y);
  y = sub<T>(y, mul<T>(zz, splat<T>(0.5)));
  return add<T>(add<T>(z, y), mul<T>(e, splat<T>(0.693359375)));
}

/** Natural logarithm within 1 ulp, subnormal arguments included; log 0 = -infinity, NaN below 0. */
export function log<T>(x: T): T {
  const tiny = splat<T>(1.17549435e-38);
  const scaled = whenLess<T>(x, tiny, mul<T>(x, splat<T>(8388608)), x);
  const e = sub<T>(exponent<T>(scaled), whenLess<T>(x, tiny, splat<T>(23), splat<T>(0)));
  let y = logNear<T>(sub<T>(fraction<T>(scaled), splat<T>(1)), e);
  const zero = splat<T>(0);
  y = whenLess<T>(x, splat<T>(Infinity), y, x);
  y = whenEqual<T>(x, zero, splat<T>(-Infinity), y);
  return whenLess<T>(x, zero, splat<T>(NaN), y);
}

/** Hyperbolic tangent within 2 ulp. */
export function tanh<T>(x: T): T {
  const a = abs<T>(x);
  // |x| < 0.625: x + x^3 P(x^2)
  const s = mul<T>(x, x);
  let q = splat<T>(-5.70498872745e-3);
  q = mulAdd<T>(q, s, splat<T>(2.06390887954e-2));
  q = mulAdd<T>(q, s, splat<T>(-5.37397155531e-2));
  q = mulAdd<T>(q, s, splat<T>(1.33314422036e-1));
  q = mulAdd<T>(q, s, splat<T>(-3.33332819422e-1));
  const near = add<T>(mul<T>(mul<T>(q, s), x), x);
  // elsewhere: 1 - 2 / (e^(2 |x|) + 1)
  const one = splat<T>(1);
  const far = sub<T>(one, div<T>(splat<T>(2), add<T>(exp<T>(add<T>(a, a)), one)));
  return copysign<T>(whenLess<T>(a, splat<T>(0.625), near, far), x);
}

/** The logistic function 1 / (1 + e^-x) within 3 ulp; 0 below -88.73, where it would be subnormal. */
export function sigmoid<T>(x: T): T {
  const one = splat<T>(1);
  return div<T>(one, add<T>(one, exp<T>(sub<T>(splat<T>(0), x))));
}
