/**
 * AdaBelief. See src/optim/adaBelief.ts for the rule and its source.
 *
 * With d = g' - m, the gradient's distance from m as it was, the rule's m and its g' - m afterwards are m + (1 - beta1) d
 * and beta1 d. The caller folds beta1 sqrt(1 - beta2) into gain2.
 */
import { descended } from "../decay";
import { penalised } from "../gradient";
import { mul, mulAdd, splat, sub } from "../lanes";
import { adapted, average, keepLargest } from "../moments";
import { Pointer, Size } from "../words";

/** d = g' - m */
function surprise<T>(p: Pointer, m: Pointer, g: Pointer, scale: f32, l2: f32): T {
  return sub<T>(penalised<T>(p, g, scale, l2), load<T>(m));
}

/** m' = m + pull d */
function pulled<T>(m: Pointer, d: T, pull: f32): T {
  const moved = mulAdd<T>(splat<T>(pull), d, load<T>(m));
  store<T>(m, moved);
  return moved;
}

/** v' = beta2 v + ((gain2 d)^2 + floor) */
function variance<T>(v: Pointer, d: T, beta2: f32, gain2: f32, floor: f32): T {
  const scaled = mul<T>(splat<T>(gain2), d);
  return average<T>(v, beta2, mulAdd<T>(scaled, scaled, splat<T>(floor)));
}

/** p - (shrink p + change), stored. */
function descend<T>(p: Pointer, shrink: f32, change: T): void {
  store<T>(p, descended<T>(load<T>(p), shrink, change));
}

/** p = p - (shrink p + step m / (sqrt v + eps)) */
export function adaBelief<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
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
  const d = surprise<Lane>(p, m, g, scale, l2);
  const m1 = pulled<Lane>(m, d, pull);
  const v1 = variance<Lane>(v, d, beta2, gain2, floor);
  descend<Lane>(p, shrink, adapted<Lane>(mul<Lane>(splat<Lane>(step), m1), v1, eps));
}

/** The same over the largest variance so far, `u`. */
export function adaBeliefAmsgrad<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  u: Pointer,
  g: Pointer,
  n: Size,
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
  const d = surprise<Lane>(p, m, g, scale, l2);
  const m1 = pulled<Lane>(m, d, pull);
  const v1 = keepLargest<Lane>(u, variance<Lane>(v, d, beta2, gain2, floor));
  descend<Lane>(p, shrink, adapted<Lane>(mul<Lane>(splat<Lane>(step), m1), v1, eps));
}

/** p = p - (shrink p + step m), while the variance is not to be relied on. */
export function adaBeliefMomentum<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  shrink: f32,
  pull: f32,
  beta2: f32,
  gain2: f32,
  floor: f32,
  step: f32,
): void {
  const d = surprise<Lane>(p, m, g, scale, l2);
  const m1 = pulled<Lane>(m, d, pull);
  variance<Lane>(v, d, beta2, gain2, floor);
  descend<Lane>(p, shrink, mul<Lane>(splat<Lane>(step), m1));
}
