/** Lion. See src/optim/lion.ts for the rule and its source. */
import { descended } from "../decay";
import { mul, mulAdd, sign, splat } from "../lanes";

function lionAt<T>(
  p: usize,
  m: usize,
  g: usize,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  lr: f32,
  shrink: f32,
): void {
  const grad = load<T>(g);
  const m0 = load<T>(m);
  const direction = mulAdd<T>(splat<T>(beta1), m0, mul<T>(splat<T>(gain1), grad));
  store<T>(m, mulAdd<T>(splat<T>(beta2), m0, mul<T>(splat<T>(gain2), grad)));
  store<T>(p, descended<T>(load<T>(p), shrink, mul<T>(splat<T>(lr), sign<T>(direction))));
}

/** p = p - (shrink p + lr sign(beta1 m + gain1 g)), with m as it was;  m = beta2 m + gain2 g */
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
  shrink: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      lionAt<v128>(p + i, m + i, g + i, beta1, gain1, beta2, gain2, lr, shrink);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) lionAt<f32>(p + i, m + i, g + i, beta1, gain1, beta2, gain2, lr, shrink);
}
