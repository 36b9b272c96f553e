/** Negative log-likelihoods with a scale of their own for each element; see src/losses/likelihood.ts. */
import { abs, add, atLeast, div, mul, sign, splat, sub } from "../lanes";
import { log } from "../math";
import { Pointer, Size } from "../words";

/**
 * With v = max(variance, eps): losses = (log v + (x - t)^2 / v) / 2 + constant, and `scale` times its derivatives by x
 * and v. Gradients may be the arrays that they are gradients of.
 */
export function gaussianNll<Lane>(
  x: Pointer,
  t: Pointer,
  variance: Pointer,
  losses: Pointer,
  gradient: Pointer,
  gradientVariance: Pointer,
  n: Size,
  eps: f32,
  constant: f32,
  scale: f32,
): void {
  const d = sub<Lane>(load<Lane>(x), load<Lane>(t));
  const v = atLeast<Lane>(load<Lane>(variance), splat<Lane>(eps));
  const r = div<Lane>(d, v);
  const dr = mul<Lane>(d, r);
  const half = splat<Lane>(0.5);
  store<Lane>(losses, add<Lane>(mul<Lane>(half, add<Lane>(log<Lane>(v), dr)), splat<Lane>(constant)));
  store<Lane>(gradient, mul<Lane>(splat<Lane>(scale), r));
  store<Lane>(
    gradientVariance,
    mul<Lane>(splat<Lane>(scale), div<Lane>(mul<Lane>(half, sub<Lane>(splat<Lane>(1), dr)), v)),
  );
}

/** The same for losses = log b + |x - t| / b + constant, b = max(width, eps). */
export function laplaceNll<Lane>(
  x: Pointer,
  t: Pointer,
  width: Pointer,
  losses: Pointer,
  gradient: Pointer,
  gradientWidth: Pointer,
  n: Size,
  eps: f32,
  constant: f32,
  scale: f32,
): void {
  const d = sub<Lane>(load<Lane>(x), load<Lane>(t));
  const b = atLeast<Lane>(load<Lane>(width), splat<Lane>(eps));
  const r = div<Lane>(abs<Lane>(d), b);
  store<Lane>(losses, add<Lane>(add<Lane>(log<Lane>(b), r), splat<Lane>(constant)));
  store<Lane>(gradient, mul<Lane>(splat<Lane>(scale), div<Lane>(sign<Lane>(d), b)));
  store<Lane>(gradientWidth, mul<Lane>(splat<Lane>(scale), div<Lane>(sub<Lane>(splat<Lane>(1), r), b)));
}
