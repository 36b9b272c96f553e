/**
 * The logistic function and its logarithm in float32, both from one exponential of a number that is never positive, so
 * that nothing overflows and small results keep their digits. test/losses/binaryCrossEntropy.test.ts measures the
 * bounds stated here.
 */
import { abs, add, atLeast, div, mul, splat, sub, whenLess } from "./lanes";
import { exp, logNear } from "./math";

/** e^-|x|, what the other functions here take. */
export function tailOf<T>(x: T): T {
  return exp<T>(sub<T>(splat<T>(0), abs<T>(x)));
}

/** log(1 + tail) for a tail in [0, 1], within 2 ulp. */
export function log1pTail<T>(tail: T): T {
  const one = splat<T>(1);
  const limit = splat<T>(0.41421356);
  const halved = mul<T>(sub<T>(tail, one), splat<T>(0.5));
  return logNear<T>(whenLess<T>(limit, tail, halved, tail), whenLess<T>(limit, tail, one, splat<T>(0)));
}

/** log(1 + e^x), given log(1 + e^-|x|): within 3 ulp. */
export function softplus<T>(x: T, log1p: T): T {
  return add<T>(atLeast<T>(x, splat<T>(0)), log1p);
}

/** 1 / (1 + tail): the logistic function of |x|. */
export function logisticOfMagnitude<T>(tail: T): T {
  return div<T>(splat<T>(1), add<T>(splat<T>(1), tail));
}

/** 1 / (1 + e^-x), given the tail of x and the logistic function of |x|: within 3 ulp, however small. */
export function logistic<T>(x: T, tail: T, ofMagnitude: T): T {
  return whenLess<T>(x, splat<T>(0), mul<T>(tail, ofMagnitude), ofMagnitude);
}
