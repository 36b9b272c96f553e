/**
 * Activations and their derivatives. Where the derivative follows from the output in an operation or two, the backward
 * pass takes it from there. Where it shares an exponential with the activation, the forward pass writes both, and the
 * slope is kept in place of the input: `multiply` is the backward pass then.
 */
import { abs, add, atLeast, clip, div, mul, mulAdd, splat, sub, whenEqual, whenLess } from "../lanes";
import * as elementary from "../math";
import { Pointer, Size } from "../words";

/** y = tanh x */
export function tanh<Lane>(x: Pointer, y: Pointer, n: Size): void {
  store<Lane>(y, elementary.tanh<Lane>(load<Lane>(x)));
}

/** dx = dy (1 - y^2), where y = tanh x; dx may be dy. */
export function tanhBackward<Lane>(y: Pointer, dy: Pointer, dx: Pointer, n: Size): void {
  const value = load<Lane>(y);
  store<Lane>(dx, mul<Lane>(load<Lane>(dy), sub<Lane>(splat<Lane>(1), mul<Lane>(value, value))));
}

/** y = 0 below 0, else x, NaN included; y may be x. */
export function relu<Lane>(x: Pointer, y: Pointer, n: Size): void {
  store<Lane>(y, atLeast<Lane>(load<Lane>(x), splat<Lane>(0)));
}

/** dx = dy where y = relu x is not 0; dx may be dy. */
export function reluBackward<Lane>(y: Pointer, dy: Pointer, dx: Pointer, n: Size): void {
  const zero = splat<Lane>(0);
  store<Lane>(dx, whenEqual<Lane>(load<Lane>(y), zero, zero, load<Lane>(dy)));
}

/** y = 1 / (1 + e^-x); y may be x. */
export function sigmoid<Lane>(x: Pointer, y: Pointer, n: Size): void {
  store<Lane>(y, elementary.sigmoid<Lane>(load<Lane>(x)));
}

/** dx = dy y (1 - y), where y = sigmoid x; dx may be dy. */
export function sigmoidBackward<Lane>(y: Pointer, dy: Pointer, dx: Pointer, n: Size): void {
  const value = load<Lane>(y);
  store<Lane>(dx, mul<Lane>(load<Lane>(dy), mul<Lane>(value, sub<Lane>(splat<Lane>(1), value))));
}

/** x where its activation still differs from 0 and from x: beyond, products with it would overflow. NaN stays. */
function bounded<T>(x: T): T {
  return clip<T>(x, splat<T>(-128), splat<T>(128));
}

/** 1 - s for s = 1 / (1 + decay), without cancellation where s is near 1. */
function complement<T>(s: T, decay: T): T {
  return whenLess<T>(s, splat<T>(0.5), sub<T>(splat<T>(1), s), mul<T>(decay, s));
}

/** y = x s and its slope s (1 + x (1 - s)), where s = sigmoid x; y or slope may be x. */
export function silu<Lane>(x: Pointer, y: Pointer, slope: Pointer, n: Size): void {
  const value = load<Lane>(x);
  const near = bounded<Lane>(value);
  const one = splat<Lane>(1);
  const decay = elementary.exp<Lane>(sub<Lane>(splat<Lane>(0), near));
  const s = div<Lane>(one, add<Lane>(one, decay));
  store<Lane>(y, mul<Lane>(value, s));
  store<Lane>(slope, mul<Lane>(s, mulAdd<Lane>(near, complement<Lane>(s, decay), one)));
}

/**
 * e^(a^2 / 2) P(Z > a) for a standard normal Z and a in [0, 14], within 2e-8 of itself: t P(t), t = 1 / (1 + 0.21 a), a
 * minimax fit of the relative error.
 */
function tailRatio<T>(a: T): T {
  const one = splat<T>(1);
  const t = div<T>(one, mulAdd<T>(splat<T>(0.21), a, one));
  let q = splat<T>(-0.07165627782285515);
  q = mulAdd<T>(q, t, splat<T>(0.28358841950619496));
  q = mulAdd<T>(q, t, splat<T>(-0.3302530897483746));
  q = mulAdd<T>(q, t, splat<T>(0.34940068441413524));
  q = mulAdd<T>(q, t, splat<T>(-0.09392499271889604));
  q = mulAdd<T>(q, t, splat<T>(0.1248726415498839));
  q = mulAdd<T>(q, t, splat<T>(0.06919219054070869));
  q = mulAdd<T>(q, t, splat<T>(0.08506885528408524));
  q = mulAdd<T>(q, t, splat<T>(0.08371157580304935));
  return mul<T>(q, t);
}

/** y = x P(Z <= x) for a standard normal Z and its slope P(Z <= x) + x e^(-x^2 / 2) / sqrt(2 pi); y or slope may be x. */
export function gelu<Lane>(x: Pointer, y: Pointer, slope: Pointer, n: Size): void {
  const value = load<Lane>(x);
  const near = bounded<Lane>(value);
  const bell = elementary.exp<Lane>(mul<Lane>(splat<Lane>(-0.5), mul<Lane>(near, near)));
  const tail = mul<Lane>(bell, tailRatio<Lane>(abs<Lane>(near)));
  const below = whenLess<Lane>(near, splat<Lane>(0), tail, sub<Lane>(splat<Lane>(1), tail));
  store<Lane>(y, mul<Lane>(value, below));
  store<Lane>(slope, mulAdd<Lane>(mul<Lane>(near, splat<Lane>(0.39894228)), bell, below));
}

/** y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 and its slope; y or slope may be x. */
export function geluTanh<Lane>(x: Pointer, y: Pointer, slope: Pointer, n: Size): void {
  const value = load<Lane>(x);
  const near = bounded<Lane>(value);
  const square = mul<Lane>(near, near);
  // (1 + tanh u) / 2 is the sigmoid of 2 u, and 2 sqrt(2 / pi) = 1.5957691.
  const one = splat<Lane>(1);
  const twice = mul<Lane>(near, mulAdd<Lane>(splat<Lane>(0.0713548162), square, splat<Lane>(1.59576912)));
  const decay = elementary.exp<Lane>(sub<Lane>(splat<Lane>(0), twice));
  const s = div<Lane>(one, add<Lane>(one, decay));
  const rate = mulAdd<Lane>(splat<Lane>(0.214064449), square, splat<Lane>(1.59576912));
  store<Lane>(y, mul<Lane>(value, s));
  store<Lane>(slope, mulAdd<Lane>(s, mul<Lane>(mul<Lane>(near, rate), complement<Lane>(s, decay)), s));
}
