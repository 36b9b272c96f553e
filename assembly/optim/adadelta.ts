/** Adadelta. See src/optim/adadelta.ts for the rule and its source. */
import { penalised } from "../gradient";
import { add, div, mul, splat, sqrt, sub } from "../lanes";
import { second } from "../moments";

function adadeltaAt<T>(
  p: usize,
  v: usize,
  u: usize,
  g: usize,
  scale: f32,
  l2: f32,
  rho: f32,
  gain: f32,
  eps: f32,
  lr: f32,
): void {
  const grad = penalised<T>(p, g, scale, l2);
  const squares = add<T>(second<T>(v, grad, rho, gain), splat<T>(eps));
  const delta = mul<T>(sqrt<T>(div<T>(add<T>(load<T>(u), splat<T>(eps)), squares)), grad);
  second<T>(u, delta, rho, gain);
  store<T>(p, sub<T>(load<T>(p), mul<T>(splat<T>(lr), delta)));
}

/**
 *   v = rho v + (gain g')^2,                         where g' = scale g + l2 p
 *   d = sqrt((u + eps) / (v + eps)) g'
 *   u = rho u + (gain d)^2
 *   p -= lr d
 */
export function adadelta(
  p: usize,
  v: usize,
  u: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  rho: f32,
  gain: f32,
  eps: f32,
  lr: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adadeltaAt<v128>(p + i, v + i, u + i, g + i, scale, l2, rho, gain, eps, lr);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) adadeltaAt<f32>(p + i, v + i, u + i, g + i, scale, l2, rho, gain, eps, lr);
}
