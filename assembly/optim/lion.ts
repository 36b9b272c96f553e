/** Lion. See src/optim/lion.ts for the rule and its source. */
import { descended } from "../decay";
import { mul, mulAdd, sign, splat } from "../lanes";
import { Pointer, Size } from "../words";

/** p = p - (shrink p + lr sign(beta1 m + gain1 g)), with m as it was;  m = beta2 m + gain2 g */
export function lion<Lane>(
  p: Pointer,
  m: Pointer,
  g: Pointer,
  n: Size,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  lr: f32,
  shrink: f32,
): void {
  const grad = load<Lane>(g);
  const m0 = load<Lane>(m);
  const direction = mulAdd<Lane>(splat<Lane>(beta1), m0, mul<Lane>(splat<Lane>(gain1), grad));
  store<Lane>(m, mulAdd<Lane>(splat<Lane>(beta2), m0, mul<Lane>(splat<Lane>(gain2), grad)));
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, mul<Lane>(splat<Lane>(lr), sign<Lane>(direction))));
}
