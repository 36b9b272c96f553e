/**
 * Adam and its decoupled and AMSGrad forms. See src/optim/adam.ts for the rule and its source.
 *
 *   m = beta1 m + gain1 g
 *   v = beta2 v + (gain2 g)^2
 *   p = p - (shrink p + step m / (sqrt v + eps))
 *
 * The caller folds whatever does not depend on data into the scalars, in float64, rounded once: the gradient scale and
 * 1 - beta1 into gain1, the scale and sqrt(1 - beta2) into gain2, the bias corrections into step and eps. That leaves
 * the loop bound by its square root and its division.
 */
import { descended } from "../decay";
import { penalised } from "../gradient";
import { mul, splat, sub } from "../lanes";
import { adapted, averaged, first, keepLargest, second, squared } from "../moments";
import { Pointer, Size } from "../words";

/** step m / (sqrt v + eps) */
function along<T>(m: T, v: T, step: f32, eps: f32): T {
  return adapted<T>(mul<T>(splat<T>(step), m), v, eps);
}

/** Adam with an L2 penalty in the gradient. */
export function adam<Lane>(
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
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = second<Lane>(v, grad, beta2, gain2);
  store<Lane>(p, sub<Lane>(load<Lane>(p), along<Lane>(m1, v1, step, eps)));
}

/** Adam with the L2 penalty, over the largest second moment so far, `u`. */
export function adamAmsgrad<Lane>(
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
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = keepLargest<Lane>(u, second<Lane>(v, grad, beta2, gain2));
  store<Lane>(p, sub<Lane>(load<Lane>(p), along<Lane>(m1, v1, step, eps)));
}

/**
 * Adam with decoupled decay. `adamwNorms` also adds [sum g^2, sum (change of p)^2, sum p^2] to `sums`, in the order of
 * norms.ts.
 */
export function adamw<Lane, Norms>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  shrink: f32,
): void {
  // Every load before the first store: 2 % of a step over 64 Ki parameters.
  const before = load<Lane>(p);
  const grad = load<Lane>(g);
  const m1 = averaged<Lane>(m, beta1, mul<Lane>(splat<Lane>(gain1), grad));
  const v1 = averaged<Lane>(v, beta2, squared<Lane>(grad, gain2));
  store<Lane>(m, m1);
  store<Lane>(v, v1);
  store<Lane>(p, descended<Lane>(before, shrink, along<Lane>(m1, v1, step, eps)));
}

/** Adam with decoupled decay, over the largest second moment so far, `u`. */
export function adamwAmsgrad<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  u: Pointer,
  g: Pointer,
  n: Size,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  shrink: f32,
): void {
  const grad = load<Lane>(g);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = keepLargest<Lane>(u, second<Lane>(v, grad, beta2, gain2));
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, along<Lane>(m1, v1, step, eps)));
}
