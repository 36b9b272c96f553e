/** Stochastic gradient descent. See src/optim/sgd.ts for the rule and its source. */
import { penalised } from "../gradient";
import { mul, mulAdd, splat, sub } from "../lanes";
import { first } from "../moments";

/** p -= lr d */
function descend<T>(p: usize, d: T, lr: f32): void {
  store<T>(p, sub<T>(load<T>(p), mul<T>(splat<T>(lr), d)));
}

function sgdAt<T>(p: usize, g: usize, scale: f32, l2: f32, lr: f32): void {
  descend<T>(p, penalised<T>(p, g, scale, l2), lr);
}

/** p -= lr (scale g + l2 p) */
export function sgd(p: usize, g: usize, n: usize, scale: f32, l2: f32, lr: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      sgdAt<v128>(p + i, g + i, scale, l2, lr);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) sgdAt<f32>(p + i, g + i, scale, l2, lr);
}

function sgdMomentumAt<T>(p: usize, b: usize, g: usize, scale: f32, l2: f32, lr: f32, momentum: f32, gain: f32): void {
  descend<T>(p, first<T>(b, penalised<T>(p, g, scale, l2), momentum, gain), lr);
}

/** b = momentum b + gain g';  p -= lr b, where g' = scale g + l2 p */
export function sgdMomentum(
  p: usize,
  b: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  lr: f32,
  momentum: f32,
  gain: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      sgdMomentumAt<v128>(p + i, b + i, g + i, scale, l2, lr, momentum, gain);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) sgdMomentumAt<f32>(p + i, b + i, g + i, scale, l2, lr, momentum, gain);
}

function sgdNesterovAt<T>(p: usize, b: usize, g: usize, scale: f32, l2: f32, lr: f32, momentum: f32, gain: f32): void {
  const grad = penalised<T>(p, g, scale, l2);
  const moved = first<T>(b, grad, momentum, gain);
  descend<T>(p, mulAdd<T>(splat<T>(momentum), moved, grad), lr);
}

/** b = momentum b + gain g';  p -= lr (g' + momentum b), where g' = scale g + l2 p */
export function sgdNesterov(
  p: usize,
  b: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  lr: f32,
  momentum: f32,
  gain: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      sgdNesterovAt<v128>(p + i, b + i, g + i, scale, l2, lr, momentum, gain);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) sgdNesterovAt<f32>(p + i, b + i, g + i, scale, l2, lr, momentum, gain);
}
