/** Adadelta. See src/optim/adadelta.ts for the rule and its source. */
import { penalised } from "../gradient";
import { add, div, mul, splat, sqrt, sub } from "../lanes";
import { second } from "../moments";
import { Pointer, Size } from "../words";

/**
 *   v = rho v + (gain g')^2,                         where g' = scale g + l2 p
 *   d = sqrt((u + eps) / (v + eps)) g'
 *   u = rho u + (gain d)^2
 *   p -= lr d
 */
export function adadelta<Lane>(
  p: Pointer,
  v: Pointer,
  u: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  rho: f32,
  gain: f32,
  eps: f32,
  lr: f32,
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const squares = add<Lane>(second<Lane>(v, grad, rho, gain), splat<Lane>(eps));
  const delta = mul<Lane>(sqrt<Lane>(div<Lane>(add<Lane>(load<Lane>(u), splat<Lane>(eps)), squares)), grad);
  second<Lane>(u, delta, rho, gain);
  store<Lane>(p, sub<Lane>(load<Lane>(p), mul<Lane>(splat<Lane>(lr), delta)));
}
