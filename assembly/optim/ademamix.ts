/** AdEMAMix. See src/optim/ademamix.ts for the rule and its source. */
import { descended } from "../decay";
import { mul, mulAdd, splat } from "../lanes";
import { adapted, first, second } from "../moments";

function ademamixAt<T>(
  p: usize,
  fast: usize,
  slow: usize,
  v: usize,
  g: usize,
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
  const grad = load<T>(g);
  const fast1 = first<T>(fast, grad, beta1, gain1);
  const slow1 = first<T>(slow, grad, beta3, gain3);
  const v1 = second<T>(v, grad, beta2, gain2);
  const moved = mulAdd<T>(splat<T>(step1), fast1, mul<T>(splat<T>(step2), slow1));
  store<T>(p, descended<T>(load<T>(p), shrink, adapted<T>(moved, v1, eps)));
}

/**
 *   fast = beta1 fast + gain1 g
 *   slow = beta3 slow + gain3 g
 *   v    = beta2 v + (gain2 g)^2
 *   p    = p - (shrink p + (step1 fast + step2 slow) / (sqrt v + eps))
 */
export function ademamix(
  p: usize,
  fast: usize,
  slow: usize,
  v: usize,
  g: usize,
  n: usize,
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
      ademamixAt<v128>(
        p + i,
        fast + i,
        slow + i,
        v + i,
        g + i,
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
    ademamixAt<f32>(
      p + i,
      fast + i,
      slow + i,
      v + i,
      g + i,
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
