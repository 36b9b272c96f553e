/** AdaBound. See src/optim/adaBound.ts for the rule and its source. */
import { penalised } from "../gradient";
import { clip, mul, splat, sub } from "../lanes";
import { adapted, first, keepLargest, second } from "../moments";
import { Pointer, Size } from "../words";

/** p - clip(step / (sqrt v + eps), low, high) m, stored. */
function descend<T>(p: Pointer, m: T, v: T, step: f32, eps: f32, low: f32, high: f32): void {
  const rate = adapted<T>(splat<T>(step), v, eps);
  const clipped = clip<T>(rate, splat<T>(low), splat<T>(high));
  store<T>(p, sub<T>(load<T>(p), mul<T>(clipped, m)));
}

/** p = p - clip(step / (sqrt v + eps), low, high) m */
export function adaBound<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
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
  const grad = penalised<Lane>(p, g, scale, l2);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = second<Lane>(v, grad, beta2, gain2);
  descend<Lane>(p, m1, v1, step, eps, low, high);
}

/** The same over the largest second moment so far, `u`. */
export function adaBoundAmsbound<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  u: Pointer,
  g: Pointer,
  n: Size,
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
  const grad = penalised<Lane>(p, g, scale, l2);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = keepLargest<Lane>(u, second<Lane>(v, grad, beta2, gain2));
  descend<Lane>(p, m1, v1, step, eps, low, high);
}
