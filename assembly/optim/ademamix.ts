/** AdEMAMix. See src/optim/ademamix.ts for the rule and its source. */
import { descended } from "../decay";
import { mul, mulAdd, splat } from "../lanes";
import { adapted, first, second } from "../moments";
import { Pointer, Size } from "../words";

/**
 *   fast = beta1 fast + gain1 g
 *   slow = beta3 slow + gain3 g
 *   v    = beta2 v + (gain2 g)^2
 *   p    = p - (shrink p + (step1 fast + step2 slow) / (sqrt v + eps))
 */
export function ademamix<Lane>(
  p: Pointer,
  fast: Pointer,
  slow: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
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
  const grad = load<Lane>(g);
  const fast1 = first<Lane>(fast, grad, beta1, gain1);
  const slow1 = first<Lane>(slow, grad, beta3, gain3);
  const v1 = second<Lane>(v, grad, beta2, gain2);
  const moved = mulAdd<Lane>(splat<Lane>(step1), fast1, mul<Lane>(splat<Lane>(step2), slow1));
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, adapted<Lane>(moved, v1, eps)));
}
