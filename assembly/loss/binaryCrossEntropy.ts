/** Binary cross-entropy over logits; see src/losses/binaryCrossEntropy.ts. */
import { add, mul, splat, sub, weigh } from "../lanes";
import { log1pTail, logistic, logisticOfMagnitude, softplus, tailOf } from "../logistic";

function binaryCrossEntropyAt<T>(x: usize, t: usize, w: usize, losses: usize, gradient: usize, scale: f32): void {
  const z = load<T>(x);
  const minus = sub<T>(splat<T>(0), z);
  const tail = tailOf<T>(z);
  const log1p = log1pTail<T>(tail);
  const ofMagnitude = logisticOfMagnitude<T>(tail);
  const target = load<T>(t);
  const positive = mul<T>(load<T>(w), target);
  const negative = sub<T>(splat<T>(1), target);
  store<T>(losses, add<T>(weigh<T>(negative, softplus<T>(z, log1p)), weigh<T>(positive, softplus<T>(minus, log1p))));
  // Two logistic functions, since 1 - logistic(x) has no digits left where the latter is nearly 1.
  const pull = mul<T>(negative, logistic<T>(z, tail, ofMagnitude));
  const push = mul<T>(positive, logistic<T>(minus, tail, ofMagnitude));
  store<T>(gradient, mul<T>(splat<T>(scale), sub<T>(pull, push)));
}

/**
 * losses = (1 - t) log(1 + e^x) + w t log(1 + e^-x), w being the weight of the positive class;
 * gradient = scale ((1 - t) logistic(x) - w t logistic(-x)). `gradient` may be `x`.
 */
export function binaryCrossEntropy(
  x: usize,
  t: usize,
  w: usize,
  losses: usize,
  gradient: usize,
  n: usize,
  scale: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      binaryCrossEntropyAt<v128>(x + i, t + i, w + i, losses + i, gradient + i, scale);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) binaryCrossEntropyAt<f32>(x + i, t + i, w + i, losses + i, gradient + i, scale);
}
