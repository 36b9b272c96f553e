/**
 * RMSprop, centred or not, with momentum or without. See src/optim/rmsprop.ts for the rule and its source.
 *
 *   v = alpha v + (gain2 g')^2,                      where g' = scale g + l2 p
 *   d = g' / (sqrt(v + inside) + outside),           or, centred, with v - a^2 for v, where a = alpha a + gain1 g'
 *   p -= lr d,                                       or, with momentum, p -= lr b, where b = momentum b + d
 */
import { penalised } from "../gradient";
import { div, mul, mulAdd, splat, sub, whenLess } from "../lanes";
import { first, root, second } from "../moments";
import { Pointer, Size } from "../words";

/** v - a^2, or 0 where rounding leaves it below. */
function variance<T>(v: T, a: T): T {
  const difference = sub<T>(v, mul<T>(a, a));
  return whenLess<T>(difference, splat<T>(0), splat<T>(0), difference);
}

/** p -= lr d, stored. */
function descend<T>(p: Pointer, d: T, lr: f32): void {
  store<T>(p, sub<T>(load<T>(p), mul<T>(splat<T>(lr), d)));
}

/** b = momentum b + d, stored. */
function accumulated<T>(b: Pointer, d: T, momentum: f32): T {
  const moved = mulAdd<T>(splat<T>(momentum), load<T>(b), d);
  store<T>(b, moved);
  return moved;
}

function normalised<T>(
  p: Pointer,
  v: Pointer,
  g: Pointer,
  scale: f32,
  l2: f32,
  alpha: f32,
  gain2: f32,
  inside: f32,
  outside: f32,
): T {
  const grad = penalised<T>(p, g, scale, l2);
  return div<T>(grad, root<T>(second<T>(v, grad, alpha, gain2), inside, outside));
}

function centred<T>(
  p: Pointer,
  v: Pointer,
  a: Pointer,
  g: Pointer,
  scale: f32,
  l2: f32,
  alpha: f32,
  gain1: f32,
  gain2: f32,
  inside: f32,
  outside: f32,
): T {
  const grad = penalised<T>(p, g, scale, l2);
  const v1 = second<T>(v, grad, alpha, gain2);
  const a1 = first<T>(a, grad, alpha, gain1);
  return div<T>(grad, root<T>(variance<T>(v1, a1), inside, outside));
}

/** RMSprop. */
export function rmsprop<Lane>(
  p: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  alpha: f32,
  gain2: f32,
  inside: f32,
  outside: f32,
  lr: f32,
): void {
  descend<Lane>(p, normalised<Lane>(p, v, g, scale, l2, alpha, gain2, inside, outside), lr);
}

/** RMSprop with momentum. */
export function rmspropMomentum<Lane>(
  p: Pointer,
  v: Pointer,
  b: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  alpha: f32,
  gain2: f32,
  inside: f32,
  outside: f32,
  lr: f32,
  momentum: f32,
): void {
  const d = normalised<Lane>(p, v, g, scale, l2, alpha, gain2, inside, outside);
  descend<Lane>(p, accumulated<Lane>(b, d, momentum), lr);
}

/** Centred RMSprop. */
export function rmspropCentered<Lane>(
  p: Pointer,
  v: Pointer,
  a: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  alpha: f32,
  gain1: f32,
  gain2: f32,
  inside: f32,
  outside: f32,
  lr: f32,
): void {
  descend<Lane>(p, centred<Lane>(p, v, a, g, scale, l2, alpha, gain1, gain2, inside, outside), lr);
}

/** Centred RMSprop with momentum. */
export function rmspropCenteredMomentum<Lane>(
  p: Pointer,
  v: Pointer,
  a: Pointer,
  b: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  alpha: f32,
  gain1: f32,
  gain2: f32,
  inside: f32,
  outside: f32,
  lr: f32,
  momentum: f32,
): void {
  const d = centred<Lane>(p, v, a, g, scale, l2, alpha, gain1, gain2, inside, outside);
  descend<Lane>(p, accumulated<Lane>(b, d, momentum), lr);
}
