/** Negative log-likelihoods with a scale of their own for each element; see src/losses/likelihood.ts. */
import { abs, add, atLeast, div, mul, sign, splat, sub } from "../lanes";
import { log } from "../math";

function gaussianAt<T>(
  x: usize,
  t: usize,
  variance: usize,
  losses: usize,
  gradient: usize,
  gradientVariance: usize,
  eps: f32,
  constant: f32,
  scale: f32,
): void {
  const d = sub<T>(load<T>(x), load<T>(t));
  const v = atLeast<T>(load<T>(variance), splat<T>(eps));
  const r = div<T>(d, v);
  const dr = mul<T>(d, r);
  const half = splat<T>(0.5);
  store<T>(losses, add<T>(mul<T>(half, add<T>(log<T>(v), dr)), splat<T>(constant)));
  store<T>(gradient, mul<T>(splat<T>(scale), r));
  store<T>(gradientVariance, mul<T>(splat<T>(scale), div<T>(mul<T>(half, sub<T>(splat<T>(1), dr)), v)));
}

/**
 * With v = max(variance, eps): losses = (log v + (x - t)^2 / v) / 2 + constant, and `scale` times its derivatives by x
 * and v. Gradients may be the arrays that they are gradients of.
 */
export function gaussianNll(
  x: usize,
  t: usize,
  variance: usize,
  losses: usize,
  gradient: usize,
  gradientVariance: usize,
  n: usize,
  eps: f32,
  constant: f32,
  scale: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      gaussianAt<v128>(
        x + i,
        t + i,
        variance + i,
        losses + i,
        gradient + i,
        gradientVariance + i,
        eps,
        constant,
        scale,
      );
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    gaussianAt<f32>(x + i, t + i, variance + i, losses + i, gradient + i, gradientVariance + i, eps, constant, scale);
}

function laplaceAt<T>(
  x: usize,
  t: usize,
  width: usize,
  losses: usize,
  gradient: usize,
  gradientWidth: usize,
  eps: f32,
  constant: f32,
  scale: f32,
): void {
  const d = sub<T>(load<T>(x), load<T>(t));
  const b = atLeast<T>(load<T>(width), splat<T>(eps));
  const r = div<T>(abs<T>(d), b);
  store<T>(losses, add<T>(add<T>(log<T>(b), r), splat<T>(constant)));
  store<T>(gradient, mul<T>(splat<T>(scale), div<T>(sign<T>(d), b)));
  store<T>(gradientWidth, mul<T>(splat<T>(scale), div<T>(sub<T>(splat<T>(1), r), b)));
}

/** The same for losses = log b + |x - t| / b + constant, b = max(width, eps). */
export function laplaceNll(
  x: usize,
  t: usize,
  width: usize,
  losses: usize,
  gradient: usize,
  gradientWidth: usize,
  n: usize,
  eps: f32,
  constant: f32,
  scale: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      laplaceAt<v128>(x + i, t + i, width + i, losses + i, gradient + i, gradientWidth + i, eps, constant, scale);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    laplaceAt<f32>(x + i, t + i, width + i, losses + i, gradient + i, gradientWidth + i, eps, constant, scale);
}
