/** Adan. See src/optim/adan.ts for the rule and its source. */
import { descended } from "../decay";
import { add, mul, mulAdd, splat } from "../lanes";
import { adapted, first, second } from "../moments";
import { Pointer, Size } from "../words";

/**
 * With g scaled and `last` the negative of the gradient before it:
 *
 *   m = beta1 m + gain1 g
 *   d = beta2 d + gain2 (g + last)
 *   v = beta3 v + (gain3 (g + beta2 (g + last)))^2
 *   p = p - (shrink p + (step1 m + step2 d) / (sqrt v + eps))
 */
export function adan<Lane>(
  p: Pointer,
  m: Pointer,
  d: Pointer,
  v: Pointer,
  last: Pointer,
  g: Pointer,
  n: Size,
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
  const grad = mul<Lane>(splat<Lane>(scale), load<Lane>(g));
  const change = add<Lane>(grad, load<Lane>(last));
  store<Lane>(last, mul<Lane>(splat<Lane>(-scale), load<Lane>(g)));
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const d1 = first<Lane>(d, change, beta2, gain2);
  const v1 = second<Lane>(v, mulAdd<Lane>(splat<Lane>(beta2), change, grad), beta3, gain3);
  const moved = mulAdd<Lane>(splat<Lane>(step1), m1, mul<Lane>(splat<Lane>(step2), d1));
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, adapted<Lane>(moved, v1, eps)));
}
