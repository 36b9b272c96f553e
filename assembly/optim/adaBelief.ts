/**
 * AdaBelief. See src/optim/adaBelief.ts for the rule and its source.
 *
 * With d = g' - m, the gradient's distance from m as it was, the rule's m and its g' - m afterwards are m + (1 - beta1) d
 * and beta1 d. The caller folds beta1 sqrt(1 - beta2) into gain2.
 */
import { descended } from "../decay";
import { penalised } from "../gradient";
import { mul, mulAdd, splat, sub } from "../lanes";
import { adapted, average, largest } from "../moments";

/** d = g' - m */
function surprise<T>(p: usize, m: usize, g: usize, scale: f32, l2: f32): T {
  return sub<T>(penalised<T>(p, g, scale, l2), load<T>(m));
}

/** m' = m + pull d */
function pulled<T>(m: usize, d: T, pull: f32): T {
  const moved = mulAdd<T>(splat<T>(pull), d, load<T>(m));
  store<T>(m, moved);
  return moved;
}

/** v' = beta2 v + ((gain2 d)^2 + floor) */
function variance<T>(v: usize, d: T, beta2: f32, gain2: f32, floor: f32): T {
  const scaled = mul<T>(splat<T>(gain2), d);
  return average<T>(v, beta2, mulAdd<T>(scaled, scaled, splat<T>(floor)));
}

/** p - (shrink p + change), stored. */
function descend<T>(p: usize, shrink: f32, change: T): void {
  store<T>(p, descended<T>(load<T>(p), shrink, change));
}

function adaBeliefAt<T>(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  scale: f32,
  l2: f32,
  shrink: f32,
  pull: f32,
  beta2: f32,
  gain2: f32,
  floor: f32,
  step: f32,
  eps: f32,
): void {
  const d = surprise<T>(p, m, g, scale, l2);
  const m1 = pulled<T>(m, d, pull);
  const v1 = variance<T>(v, d, beta2, gain2, floor);
  descend<T>(p, shrink, adapted<T>(mul<T>(splat<T>(step), m1), v1, eps));
}

/** p = p - (shrink p + step m / (sqrt v + eps)) */
export function adaBelief(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  shrink: f32,
  pull: f32,
  beta2: f32,
  gain2: f32,
  floor: f32,
  step: f32,
  eps: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adaBeliefAt<v128>(p + i, m + i, v + i, g + i, scale, l2, shrink, pull, beta2, gain2, floor, step, eps);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    adaBeliefAt<f32>(p + i, m + i, v + i, g + i, scale, l2, shrink, pull, beta2, gain2, floor, step, eps);
}

function adaBeliefAmsgradAt<T>(
  p: usize,
  m: usize,
  v: usize,
  u: usize,
  g: usize,
  scale: f32,
  l2: f32,
  shrink: f32,
  pull: f32,
  beta2: f32,
  gain2: f32,
  floor: f32,
  step: f32,
  eps: f32,
): void {
  const d = surprise<T>(p, m, g, scale, l2);
  const m1 = pulled<T>(m, d, pull);
  const v1 = largest<T>(u, variance<T>(v, d, beta2, gain2, floor));
  descend<T>(p, shrink, adapted<T>(mul<T>(splat<T>(step), m1), v1, eps));
}

/** The same over the largest variance so far, `u`. */
export function adaBeliefAmsgrad(
  p: usize,
  m: usize,
  v: usize,
  u: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  shrink: f32,
  pull: f32,
  beta2: f32,
  gain2: f32,
  floor: f32,
  step: f32,
  eps: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adaBeliefAmsgradAt<v128>(
        p + i,
        m + i,
        v + i,
        u + i,
        g + i,
        scale,
        l2,
        shrink,
        pull,
        beta2,
        gain2,
        floor,
        step,
        eps,
      );
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    adaBeliefAmsgradAt<f32>(p + i, m + i, v + i, u + i, g + i, scale, l2, shrink, pull, beta2, gain2, floor, step, eps);
}

function adaBeliefMomentumAt<T>(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  scale: f32,
  l2: f32,
  shrink: f32,
  pull: f32,
  beta2: f32,
  gain2: f32,
  floor: f32,
  step: f32,
): void {
  const d = surprise<T>(p, m, g, scale, l2);
  const m1 = pulled<T>(m, d, pull);
  variance<T>(v, d, beta2, gain2, floor);
  descend<T>(p, shrink, mul<T>(splat<T>(step), m1));
}

/** p = p - (shrink p + step m), while the variance is not to be relied on. */
export function adaBeliefMomentum(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  shrink: f32,
  pull: f32,
  beta2: f32,
  gain2: f32,
  floor: f32,
  step: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adaBeliefMomentumAt<v128>(p + i, m + i, v + i, g + i, scale, l2, shrink, pull, beta2, gain2, floor, step);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    adaBeliefMomentumAt<f32>(p + i, m + i, v + i, g + i, scale, l2, shrink, pull, beta2, gain2, floor, step);
}
