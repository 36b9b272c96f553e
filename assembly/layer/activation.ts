/** Activations and their derivatives, each from the input or the output, whichever takes fewer operations. */
import { add, atLeast, clip, div, mul, mulAdd, splat, sub, whenEqual } from "../lanes";
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

function siluAt<T>(x: usize, y: usize): void {
  const value = load<T>(x);
  const one = splat<T>(1);
  store<T>(y, div<T>(value, add<T>(one, elementary.exp<T>(sub<T>(splat<T>(0), value)))));
}

/** y = x sigmoid x; y may be x. */
export function silu(x: usize, y: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      siluAt<v128>(x + i, y + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) siluAt<f32>(x + i, y + i);
}

/** x where its activation still differs from 0 and from x: beyond, products with it would overflow. NaN stays. */
function bounded<T>(x: T): T {
  return clip<T>(x, splat<T>(-128), splat<T>(128));
}

function siluBackwardAt<T>(x: usize, dy: usize, dx: usize): void {
  const value = bounded<T>(load<T>(x));
  const one = splat<T>(1);
  const s = elementary.sigmoid<T>(value);
  store<T>(dx, mul<T>(load<T>(dy), mul<T>(s, mulAdd<T>(value, sub<T>(one, s), one))));
}

/** dx = dy s (1 + x (1 - s)), where s = sigmoid x; dx may be dy. */
export function siluBackward(x: usize, dy: usize, dx: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      siluBackwardAt<v128>(x + i, dy + i, dx + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) siluBackwardAt<f32>(x + i, dy + i, dx + i);
}

/** The probability (1 + erf(x / sqrt 2)) / 2 that a standard normal variable is at most x. */
function normalBelow<T>(x: T): T {
  const half = splat<T>(0.5);
  return mulAdd<T>(half, elementary.erf<T>(mul<T>(x, splat<T>(0.707106781))), half);
}

function geluAt<T>(x: usize, y: usize): void {
  const value = load<T>(x);
  store<T>(y, mul<T>(value, normalBelow<T>(value)));
}

/** y = x P(Z <= x) for a standard normal Z; y may be x. */
export function gelu(x: usize, y: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      geluAt<v128>(x + i, y + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) geluAt<f32>(x + i, y + i);
}

function geluBackwardAt<T>(x: usize, dy: usize, dx: usize): void {
  const value = bounded<T>(load<T>(x));
  const density = elementary.exp<T>(mul<T>(splat<T>(-0.5), mul<T>(value, value)));
  const slope = mulAdd<T>(mul<T>(value, splat<T>(0.39894228)), density, normalBelow<T>(value));
  store<T>(dx, mul<T>(load<T>(dy), slope));
}

/** dx = dy (P(Z <= x) + x e^(-x^2 / 2) / sqrt(2 pi)); dx may be dy. */
export function geluBackward(x: usize, dy: usize, dx: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      geluBackwardAt<v128>(x + i, dy + i, dx + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) geluBackwardAt<f32>(x + i, dy + i, dx + i);
}

/** 2 sqrt(2 / pi) (x + 0.044715 x^3): the half-sum of 1 and a hyperbolic tangent is the sigmoid of twice its argument. */
function twiceInner<T>(x: T): T {
  return mul<T>(x, mulAdd<T>(splat<T>(0.0713548162), mul<T>(x, x), splat<T>(1.59576912)));
}

function geluTanhAt<T>(x: usize, y: usize): void {
  const value = load<T>(x);
  const away = sub<T>(splat<T>(0), twiceInner<T>(bounded<T>(value)));
  store<T>(y, div<T>(value, add<T>(splat<T>(1), elementary.exp<T>(away))));
}

/** y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2; y may be x. */
export function geluTanh(x: usize, y: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      geluTanhAt<v128>(x + i, y + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) geluTanhAt<f32>(x + i, y + i);
}

function geluTanhBackwardAt<T>(x: usize, dy: usize, dx: usize): void {
  const value = bounded<T>(load<T>(x));
  const s = elementary.sigmoid<T>(twiceInner<T>(value));
  const rate = mulAdd<T>(splat<T>(0.214064449), mul<T>(value, value), splat<T>(1.59576912));
  const bend = mul<T>(mul<T>(value, rate), sub<T>(splat<T>(1), s));
  store<T>(dx, mul<T>(load<T>(dy), mulAdd<T>(s, bend, s)));
}

/** dx = dy times the derivative of `geluTanh`; dx may be dy. */
export function geluTanhBackward(x: usize, dy: usize, dx: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      geluTanhBackwardAt<v128>(x + i, dy + i, dx + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) geluTanhBackwardAt<f32>(x + i, dy + i, dx + i);
}
