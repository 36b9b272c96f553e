/** NAdam. See src/optim/nadam.ts for the rule and its source. */
import { descended } from "../decay";
import { penalised } from "../gradient";
import { add, div, mul, mulAdd, splat, sqrt } from "../lanes";
import { first, second } from "../moments";

function nadamAt<T>(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  stepG: f32,
  stepM: f32,
  eps: f32,
  shrink: f32,
): void {
  const grad = penalised<T>(p, g, scale, l2);
  const m1 = first<T>(m, grad, beta1, gain1);
  const v1 = second<T>(v, grad, beta2, gain2);
  const ahead = mulAdd<T>(splat<T>(stepG), grad, mul<T>(splat<T>(stepM), m1));
  const step = div<T>(ahead, add<T>(sqrt<T>(v1), splat<T>(eps)));
  store<T>(p, descended<T>(load<T>(p), shrink, step));
}

/**
 *   m = beta1 m + gain1 g';  v = beta2 v + (gain2 g')^2,   where g' = scale g + l2 p
 *   p = p - (shrink p + (stepG g' + stepM m) / (sqrt v + eps))
 *
 * As for Adam, the caller folds bias corrections into the steps and eps.
 */
export function nadam(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  stepG: f32,
  stepM: f32,
  eps: f32,
  shrink: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      nadamAt<v128>(p + i, m + i, v + i, g + i, scale, l2, beta1, gain1, beta2, gain2, stepG, stepM, eps, shrink);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) {
    nadamAt<f32>(p + i, m + i, v + i, g + i, scale, l2, beta1, gain1, beta2, gain2, stepG, stepM, eps, shrink);
  }
}
