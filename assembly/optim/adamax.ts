/** Adamax. See src/optim/adamax.ts for the rule and its source. */
import { penalised } from "../gradient";
import { abs, add, div, max, mul, splat, sub } from "../lanes";
import { first } from "../moments";

function adamaxAt<T>(
  p: usize,
  m: usize,
  u: usize,
  g: usize,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  step: f32,
  eps: f32,
): void {
  const grad = penalised<T>(p, g, scale, l2);
  const m1 = first<T>(m, grad, beta1, gain1);
  const u1 = max<T>(mul<T>(splat<T>(beta2), load<T>(u)), add<T>(abs<T>(grad), splat<T>(eps)));
  store<T>(u, u1);
  store<T>(p, sub<T>(load<T>(p), div<T>(mul<T>(splat<T>(step), m1), u1)));
}

/** m = beta1 m + gain1 g';  u = max(beta2 u, |g'| + eps);  p -= step m / u, where g' = scale g + l2 p */
export function adamax(
  p: usize,
  m: usize,
  u: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  step: f32,
  eps: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adamaxAt<v128>(p + i, m + i, u + i, g + i, scale, l2, beta1, gain1, beta2, step, eps);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) adamaxAt<f32>(p + i, m + i, u + i, g + i, scale, l2, beta1, gain1, beta2, step, eps);
}
