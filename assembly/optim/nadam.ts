/** NAdam. See src/optim/nadam.ts for the rule and its source. */
import { descended } from "../decay";
import { penalised } from "../gradient";
import { add, div, mul, mulAdd, splat, sqrt } from "../lanes";
import { first, second } from "../moments";
import { Pointer, Size } from "../words";

/**
 *   m = beta1 m + gain1 g';  v = beta2 v + (gain2 g')^2,   where g' = scale g + l2 p
 *   p = p - (shrink p + (stepG g' + stepM m) / (sqrt v + eps))
 *
 * As for Adam, the caller folds bias corrections into the steps and eps.
 */
export function nadam<Lane>(
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
  stepG: f32,
  stepM: f32,
  eps: f32,
  shrink: f32,
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = second<Lane>(v, grad, beta2, gain2);
  const ahead = mulAdd<Lane>(splat<Lane>(stepG), grad, mul<Lane>(splat<Lane>(stepM), m1));
  const step = div<Lane>(ahead, add<Lane>(sqrt<Lane>(v1), splat<Lane>(eps)));
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, step));
}
