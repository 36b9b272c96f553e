/** Adamax. See src/optim/adamax.ts for the rule and its source. */
import { penalised } from "../gradient";
import { abs, add, div, max, mul, splat, sub } from "../lanes";
import { first } from "../moments";
import { Pointer, Size } from "../words";

/** m = beta1 m + gain1 g';  u = max(beta2 u, |g'| + eps);  p -= step m / u, where g' = scale g + l2 p */
export function adamax<Lane>(
  p: Pointer,
  m: Pointer,
  u: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  step: f32,
  eps: f32,
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const u1 = max<Lane>(mul<Lane>(splat<Lane>(beta2), load<Lane>(u)), add<Lane>(abs<Lane>(grad), splat<Lane>(eps)));
  store<Lane>(u, u1);
  store<Lane>(p, sub<Lane>(load<Lane>(p), div<Lane>(mul<Lane>(splat<Lane>(step), m1), u1)));
}
