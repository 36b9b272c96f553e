/** Sophia-G. See src/optim/sophiaG.ts for the rule and its source. */
import { descended } from "../decay";
import { clip, div, mul, mulAdd, splat } from "../lanes";
import { first, second } from "../moments";
import { Pointer, Size } from "../words";

/** m = beta1 m + gain1 g;  p = p - (shrink p + lr clip(m / (curvature h + eps), -1, 1)) */
export function sophiaG<Lane>(
  p: Pointer,
  m: Pointer,
  h: Pointer,
  g: Pointer,
  n: Size,
  beta1: f32,
  gain1: f32,
  curvature: f32,
  eps: f32,
  lr: f32,
  shrink: f32,
): void {
  const m1 = first<Lane>(m, load<Lane>(g), beta1, gain1);
  const newton = div<Lane>(m1, mulAdd<Lane>(splat<Lane>(curvature), load<Lane>(h), splat<Lane>(eps)));
  const clipped = clip<Lane>(newton, splat<Lane>(-1), splat<Lane>(1));
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, mul<Lane>(splat<Lane>(lr), clipped)));
}

/** h = beta2 h + (gain2 g)^2 */
export function sophiaGHessian<Lane>(h: Pointer, g: Pointer, n: Size, beta2: f32, gain2: f32): void {
  second<Lane>(h, load<Lane>(g), beta2, gain2);
}
