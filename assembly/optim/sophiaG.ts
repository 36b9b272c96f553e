/** Sophia-G. See src/optim/sophiaG.ts for the rule and its source. */
import { descended } from "../decay";
import { clip, div, mul, mulAdd, splat } from "../lanes";
import { first, second } from "../moments";

function sophiaGAt<T>(
  p: usize,
  m: usize,
  h: usize,
  g: usize,
  beta1: f32,
  gain1: f32,
  curvature: f32,
  eps: f32,
  lr: f32,
  shrink: f32,
): void {
  const m1 = first<T>(m, load<T>(g), beta1, gain1);
  const newton = div<T>(m1, mulAdd<T>(splat<T>(curvature), load<T>(h), splat<T>(eps)));
  const clipped = clip<T>(newton, splat<T>(-1), splat<T>(1));
  store<T>(p, descended<T>(load<T>(p), shrink, mul<T>(splat<T>(lr), clipped)));
}

/** m = beta1 m + gain1 g;  p = p - (shrink p + lr clip(m / (curvature h + eps), -1, 1)) */
export function sophiaG(
  p: usize,
  m: usize,
  h: usize,
  g: usize,
  n: usize,
  beta1: f32,
  gain1: f32,
  curvature: f32,
  eps: f32,
  lr: f32,
  shrink: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      sophiaGAt<v128>(p + i, m + i, h + i, g + i, beta1, gain1, curvature, eps, lr, shrink);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) sophiaGAt<f32>(p + i, m + i, h + i, g + i, beta1, gain1, curvature, eps, lr, shrink);
}

function sophiaGHessianAt<T>(h: usize, g: usize, beta2: f32, gain2: f32): void {
  second<T>(h, load<T>(g), beta2, gain2);
}

/** h = beta2 h + (gain2 g)^2 */
export function sophiaGHessian(h: usize, g: usize, n: usize, beta2: f32, gain2: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      sophiaGHessianAt<v128>(h + i, g + i, beta2, gain2);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) sophiaGHessianAt<f32>(h + i, g + i, beta2, gain2);
}
