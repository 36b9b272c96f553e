/**
 * Activations and their derivatives. Where the derivative follows from the output in an operation or two, the backward
 * pass takes it from there. Where it shares an exponential with the activation, the forward pass writes both, and the
 * slope is kept in place of the input: `multiply` is the backward pass then.
 */
import { abs, add, atLeast, clip, div, mul, mulAdd, splat, sub, whenEqual, whenLess } from "../lanes";
import * as elementary from "../math";

function tanhBackwardAt<T>(y: usize, dy: usize, dx: usize): void {
  const value = load<T>(y);
  store<T>(dx, mul<T>(load<T>(dy), sub<T>(splat<T>(1), mul<T>(value, value))));
}

/** dx = dy (1 - y^2), where y = tanh x; dx may be dy. */
export function tanhBackward(y: usize, dy: usize, dx: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      tanhBackwardAt<v128>(y + i, dy + i, dx + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) tanhBackwardAt<f32>(y + i, dy + i, dx + i);
}

function reluAt<T>(x: usize, y: usize): void {
  store<T>(y, atLeast<T>(load<T>(x), splat<T>(0)));
}

/** y = 0 below 0, else x, NaN included; y may be x. */
export function relu(x: usize, y: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      reluAt<v128>(x + i, y + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) reluAt<f32>(x + i, y + i);
}

function reluBackwardAt<T>(y: usize, dy: usize, dx: usize): void {
  const zero = splat<T>(0);
  store<T>(dx, whenEqual<T>(load<T>(y), zero, zero, load<T>(dy)));
}

/** dx = dy where y = relu x is not 0; dx may be dy. */
export function reluBackward(y: usize, dy: usize, dx: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      reluBackwardAt<v128>(y + i, dy + i, dx + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) reluBackwardAt<f32>(y + i, dy + i, dx + i);
}

function sigmoidAt<T>(x: usize, y: usize): void {
  store<T>(y, elementary.sigmoid<T>(load<T>(x)));
}

/** y = 1 / (1 + e^-x); y may be x. */
export function sigmoid(x: usize, y: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      sigmoidAt<v128>(x + i, y + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) sigmoidAt<f32>(x + i, y + i);
}

function sigmoidBackwardAt<T>(y: usize, dy: usize, dx: usize): void {
  const value = load<T>(y);
  store<T>(dx, mul<T>(load<T>(dy), mul<T>(value, sub<T>(splat<T>(1), value))));
}

/** dx = dy y (1 - y), where y = sigmoid x; dx may be dy. */
export function sigmoidBackward(y: usize, dy: usize, dx: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      sigmoidBackwardAt<v128>(y + i, dy + i, dx + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) sigmoidBackwardAt<f32>(y + i, dy + i, dx + i);
}

/** x where its activation still differs from 0 and from x: beyond, products with it would overflow. NaN stays. */
function bounded<T>(x: T): T {
  return clip<T>(x, splat<T>(-128), splat<T>(128));
}

/** 1 - s for s = 1 / (1 + decay), without cancellation where s is near 1. */
function complement<T>(s: T, decay: T): T {
  return whenLess<T>(s, splat<T>(0.5), sub<T>(splat<T>(1), s), mul<T>(decay, s));
}

function siluAt<T>(x: usize, y: usize, slope: usize): void {
  const value = load<T>(x);
  const near = bounded<T>(value);
  const one = splat<T>(1);
  const decay = elementary.exp<T>(sub<T>(splat<T>(0), near));
  const s = div<T>(one, add<T>(one, decay));
  store<T>(y, mul<T>(value, s));
  store<T>(slope, mul<T>(s, mulAdd<T>(near, complement<T>(s, decay), one)));
}

/** y = x s and its slope s (1 + x (1 - s)), where s = sigmoid x; y or slope may be x. */
export function silu(x: usize, y: usize, slope: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      siluAt<v128>(x + i, y + i, slope + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) siluAt<f32>(x + i, y + i, slope + i);
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

function geluAt<T>(x: usize, y: usize, slope: usize): void {
  const value = load<T>(x);
  const near = bounded<T>(value);
  const bell = elementary.exp<T>(mul<T>(splat<T>(-0.5), mul<T>(near, near)));
  const tail = mul<T>(bell, tailRatio<T>(abs<T>(near)));
  const below = whenLess<T>(near, splat<T>(0), tail, sub<T>(splat<T>(1), tail));
  store<T>(y, mul<T>(value, below));
  store<T>(slope, mulAdd<T>(mul<T>(near, splat<T>(0.39894228)), bell, below));
}

/** y = x P(Z <= x) for a standard normal Z and its slope P(Z <= x) + x e^(-x^2 / 2) / sqrt(2 pi); y or slope may be x. */
export function gelu(x: usize, y: usize, slope: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      geluAt<v128>(x + i, y + i, slope + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) geluAt<f32>(x + i, y + i, slope + i);
}

function geluTanhAt<T>(x: usize, y: usize, slope: usize): void {
  const value = load<T>(x);
  const near = bounded<T>(value);
  const square = mul<T>(near, near);
  // (1 + tanh u) / 2 is the sigmoid of 2 u, and 2 sqrt(2 / pi) = 1.5957691.
  const one = splat<T>(1);
  const twice = mul<T>(near, mulAdd<T>(splat<T>(0.0713548162), square, splat<T>(1.59576912)));
  const decay = elementary.exp<T>(sub<T>(splat<T>(0), twice));
  const s = div<T>(one, add<T>(one, decay));
  const rate = mulAdd<T>(splat<T>(0.214064449), square, splat<T>(1.59576912));
  store<T>(y, mul<T>(value, s));
  store<T>(slope, mulAdd<T>(s, mul<T>(mul<T>(near, rate), complement<T>(s, decay)), s));
}

/** y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 and its slope; y or slope may be x. */
export function geluTanh(x: usize, y: usize, slope: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      geluTanhAt<v128>(x + i, y + i, slope + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) geluTanhAt<f32>(x + i, y + i, slope + i);
}
