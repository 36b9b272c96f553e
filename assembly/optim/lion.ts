/** Lion. See src/optim/lion.ts for the rule and its source. */
import { mul, mulAdd, sign, splat, sub } from "../lanes";

function lionAt<T>(
  p: usize,
  m: usize,
  g: usize,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  lr: f32,
  decay: f32,
): void {
  const grad = load<T>(g);
  const m0 = load<T>(m);
  const direction = mulAdd<T>(splat<T>(beta1), m0, mul<T>(splat<T>(gain1), grad));
  store<T>(m, mulAdd<T>(splat<T>(beta2), m0, mul<T>(splat<T>(gain2), grad)));
  store<T>(p, sub<T>(mul<T>(load<T>(p), splat<T>(decay)), mul<T>(splat<T>(lr), sign<T>(direction))));
}

/** p = decay p - lr sign(beta1 m + gain1 g), with m as it was;  m = beta2 m + gain2 g */
export function lion(
  p: usize,
  m: usize,
  g: usize,
  n: usize,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  lr: f32,
  decay: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      lionAt<v128>(p + i, m + i, g + i, beta1, gain1, beta2, gain2, lr, decay);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) lionAt<f32>(p + i, m + i, g + i, beta1, gain1, beta2, gain2, lr, decay);
}
