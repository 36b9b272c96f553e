/** AdaBound. See src/optim/adaBound.ts for the rule and its source. */
import { penalised } from "../gradient";
import { clip, mul, splat, sub } from "../lanes";
import { adapted, first, largest, second } from "../moments";

/** p - clip(step / (sqrt v + eps), low, high) m, stored. */
function descend<T>(p: usize, m: T, v: T, step: f32, eps: f32, low: f32, high: f32): void {
  const rate = adapted<T>(splat<T>(step), v, eps);
  const clipped = clip<T>(rate, splat<T>(low), splat<T>(high));
  store<T>(p, sub<T>(load<T>(p), mul<T>(clipped, m)));
}

function adaBoundAt<T>(
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
  step: f32,
  eps: f32,
  low: f32,
  high: f32,
): void {
  const grad = penalised<T>(p, g, scale, l2);
  const m1 = first<T>(m, grad, beta1, gain1);
  const v1 = second<T>(v, grad, beta2, gain2);
  descend<T>(p, m1, v1, step, eps, low, high);
}

/** p = p - clip(step / (sqrt v + eps), low, high) m */
export function adaBound(
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
  step: f32,
  eps: f32,
  low: f32,
  high: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adaBoundAt<v128>(p + i, m + i, v + i, g + i, scale, l2, beta1, gain1, beta2, gain2, step, eps, low, high);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    adaBoundAt<f32>(p + i, m + i, v + i, g + i, scale, l2, beta1, gain1, beta2, gain2, step, eps, low, high);
}

function adaBoundAmsboundAt<T>(
  p: usize,
  m: usize,
  v: usize,
  u: usize,
  g: usize,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  low: f32,
  high: f32,
): void {
  const grad = penalised<T>(p, g, scale, l2);
  const m1 = first<T>(m, grad, beta1, gain1);
  const v1 = largest<T>(u, second<T>(v, grad, beta2, gain2));
  descend<T>(p, m1, v1, step, eps, low, high);
}

/** The same over the largest second moment so far, `u`. */
export function adaBoundAmsbound(
  p: usize,
  m: usize,
  v: usize,
  u: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  low: f32,
  high: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adaBoundAmsboundAt<v128>(
        p + i,
        m + i,
        v + i,
        u + i,
        g + i,
        scale,
        l2,
        beta1,
        gain1,
        beta2,
        gain2,
        step,
        eps,
        low,
        high,
      );
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    adaBoundAmsboundAt<f32>(
      p + i,
      m + i,
      v + i,
      u + i,
      g + i,
      scale,
      l2,
      beta1,
      gain1,
      beta2,
      gain2,
      step,
      eps,
      low,
      high,
    );
}
