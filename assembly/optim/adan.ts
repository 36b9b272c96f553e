/** Adan. See src/optim/adan.ts for the rule and its source. */
import { descended } from "../decay";
import { add, mul, mulAdd, splat } from "../lanes";
import { adapted, first, second } from "../moments";

function adanAt<T>(
  p: usize,
  m: usize,
  d: usize,
  v: usize,
  last: usize,
  g: usize,
  scale: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  beta3: f32,
  gain3: f32,
  step1: f32,
  step2: f32,
  eps: f32,
  shrink: f32,
): void {
  const grad = mul<T>(splat<T>(scale), load<T>(g));
  const change = add<T>(grad, load<T>(last));
  store<T>(last, mul<T>(splat<T>(-scale), load<T>(g)));
  const m1 = first<T>(m, grad, beta1, gain1);
  const d1 = first<T>(d, change, beta2, gain2);
  const v1 = second<T>(v, mulAdd<T>(splat<T>(beta2), change, grad), beta3, gain3);
  const moved = mulAdd<T>(splat<T>(step1), m1, mul<T>(splat<T>(step2), d1));
  store<T>(p, descended<T>(load<T>(p), shrink, adapted<T>(moved, v1, eps)));
}

/**
 * With g scaled and `last` the negative of the gradient before it:
 *
 *   m = beta1 m + gain1 g
 *   d = beta2 d + gain2 (g + last)
 *   v = beta3 v + (gain3 (g + beta2 (g + last)))^2
 *   p = p - (shrink p + (step1 m + step2 d) / (sqrt v + eps))
 */
export function adan(
  p: usize,
  m: usize,
  d: usize,
  v: usize,
  last: usize,
  g: usize,
  n: usize,
  scale: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  beta3: f32,
  gain3: f32,
  step1: f32,
  step2: f32,
  eps: f32,
  shrink: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adanAt<v128>(
        p + i,
        m + i,
        d + i,
        v + i,
        last + i,
        g + i,
        scale,
        beta1,
        gain1,
        beta2,
        gain2,
        beta3,
        gain3,
        step1,
        step2,
        eps,
        shrink,
      );
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    adanAt<f32>(
      p + i,
      m + i,
      d + i,
      v + i,
      last + i,
      g + i,
      scale,
      beta1,
      gain1,
      beta2,
      gain2,
      beta3,
      gain3,
      step1,
      step2,
      eps,
      shrink,
    );
}
