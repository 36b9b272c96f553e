/** Binary cross-entropy over logits; see src/losses/binaryCrossEntropy.ts. */
import { add, mul, splat, sub, weigh } from "../lanes";
import { log1pTail, logistic, logisticOfMagnitude, softplus, tailOf } from "../logistic";
import { Pointer, Size } from "../words";

/**
 * losses = (1 - t) log(1 + e^x) + w t log(1 + e^-x), w being the weight of the positive class;
 * gradient = scale ((1 - t) logistic(x) - w t logistic(-x)). `gradient` may be `x`.
 */
export function binaryCrossEntropy<Lane>(
  x: Pointer,
  t: Pointer,
  w: Pointer,
  losses: Pointer,
  gradient: Pointer,
  n: Size,
  scale: f32,
): void {
  const z = load<Lane>(x);
  const minus = sub<Lane>(splat<Lane>(0), z);
  const tail = tailOf<Lane>(z);
  const log1p = log1pTail<Lane>(tail);
  const ofMagnitude = logisticOfMagnitude<Lane>(tail);
  const target = load<Lane>(t);
  const positive = mul<Lane>(load<Lane>(w), target);
  const negative = sub<Lane>(splat<Lane>(1), target);
  store<Lane>(
    losses,
    add<Lane>(weigh<Lane>(negative, softplus<Lane>(z, log1p)), weigh<Lane>(positive, softplus<Lane>(minus, log1p))),
  );
  // Two logistic functions, since 1 - logistic(x) has no digits left where the latter is nearly 1.
  const pull = mul<Lane>(negative, logistic<Lane>(z, tail, ofMagnitude));
  const push = mul<Lane>(positive, logistic<Lane>(minus, tail, ofMagnitude));
  store<Lane>(gradient, mul<Lane>(splat<Lane>(scale), sub<Lane>(pull, push)));
}
