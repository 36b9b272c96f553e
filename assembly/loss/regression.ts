/** Losses of a difference d = x - t, element by element; see src/losses/regression.ts. `gradient` may be `x`. */
import { abs, add, mul, sign, splat, sub, whenLess } from "../lanes";

function mseAt<T>(x: usize, t: usize, losses: usize, gradient: usize, scale: f32): void {
  const d = sub<T>(load<T>(x), load<T>(t));
  store<T>(losses, mul<T>(d, d));
  store<T>(gradient, mul<T>(splat<T>(scale), add<T>(d, d)));
}

/** losses = d^2;  gradient = scale 2 d */
export function mse(x: usize, t: usize, losses: usize, gradient: usize, n: usize, scale: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      mseAt<v128>(x + i, t + i, losses + i, gradient + i, scale);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) mseAt<f32>(x + i, t + i, losses + i, gradient + i, scale);
}

function l1At<T>(x: usize, t: usize, losses: usize, gradient: usize, scale: f32): void {
  const d = sub<T>(load<T>(x), load<T>(t));
  store<T>(losses, abs<T>(d));
  store<T>(gradient, mul<T>(splat<T>(scale), sign<T>(d)));
}

/** losses = |d|;  gradient = scale sign(d) */
export function l1(x: usize, t: usize, losses: usize, gradient: usize, n: usize, scale: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      l1At<v128>(x + i, t + i, losses + i, gradient + i, scale);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) l1At<f32>(x + i, t + i, losses + i, gradient + i, scale);
}

function huberAt<T>(
  x: usize,
  t: usize,
  losses: usize,
  gradient: usize,
  bound: f32,
  square: f32,
  linear: f32,
  scale: f32,
): void {
  const limit = splat<T>(bound);
  const d = sub<T>(load<T>(x), load<T>(t));
  const a = abs<T>(d);
  const slope = mul<T>(splat<T>(square), d);
  const near = mul<T>(slope, d);
  const far = mul<T>(splat<T>(linear), sub<T>(a, mul<T>(limit, splat<T>(0.5))));
  const steep = mul<T>(splat<T>(linear), sign<T>(d));
  // NaN is on the near side, which hands it on.
  store<T>(losses, whenLess<T>(limit, a, far, near));
  store<T>(gradient, mul<T>(splat<T>(scale), whenLess<T>(limit, a, steep, add<T>(slope, slope))));
}

/** losses = square d^2 where |d| <= bound, elsewhere linear (|d| - bound / 2);  gradient = scale times their slope. */
export function huber(
  x: usize,
  t: usize,
  losses: usize,
  gradient: usize,
  n: usize,
  bound: f32,
  square: f32,
  linear: f32,
  scale: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      huberAt<v128>(x + i, t + i, losses + i, gradient + i, bound, square, linear, scale);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) huberAt<f32>(x + i, t + i, losses + i, gradient + i, bound, square, linear, scale);
}
