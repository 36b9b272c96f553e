/** Rprop. See src/optim/rprop.ts for the rule and its source. */
import { mul, sign, splat, sub, whenLess } from "../lanes";
import { Pointer, Size } from "../words";

/**
 *   s = s up where g' = scale g and q have the same sign, s down where they differ, kept to [low, high]
 *   q = 0 where they differ, else g'
 *   p -= s sign(q)
 */
export function rprop<Lane>(
  p: Pointer,
  q: Pointer,
  s: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  down: f32,
  up: f32,
  low: f32,
  high: f32,
): void {
  const zero = splat<Lane>(0);
  const grad = mul<Lane>(splat<Lane>(scale), load<Lane>(g));
  const direction = sign<Lane>(grad);
  // The sign of one, since the product of two small gradients could round to 0.
  const agreement = mul<Lane>(direction, load<Lane>(q));
  const shrunk = whenLess<Lane>(agreement, zero, splat<Lane>(down), splat<Lane>(1));
  const factor = whenLess<Lane>(zero, agreement, splat<Lane>(up), shrunk);
  // Comparisons: max and min, which must look for NaN and -0 on x86, made the kernel a third slower.
  let step = mul<Lane>(load<Lane>(s), factor);
  step = whenLess<Lane>(step, splat<Lane>(low), splat<Lane>(low), step);
  step = whenLess<Lane>(splat<Lane>(high), step, splat<Lane>(high), step);
  store<Lane>(s, step);
  store<Lane>(q, whenLess<Lane>(agreement, zero, zero, grad));
  store<Lane>(p, sub<Lane>(load<Lane>(p), mul<Lane>(step, whenLess<Lane>(agreement, zero, zero, direction))));
}
