/** Gradient accumulation. See src/gradients/accumulate.ts for the rule. Both kernels leave what they read at 0. */
import { mul, mulAdd, splat } from "../lanes";

function accumulateAt<T>(x: usize, y: usize, alpha: f32): void {
  store<T>(y, mulAdd<T>(splat<T>(alpha), load<T>(x), load<T>(y)));
  store<T>(x, splat<T>(0));
}

/** y = alpha x + y; x = 0 */
export function accumulate(x: usize, y: usize, n: usize, alpha: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      accumulateAt<v128>(x + i, y + i, alpha);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) accumulateAt<f32>(x + i, y + i, alpha);
}

function drainAt<T>(x: usize, y: usize, alpha: f32): void {
  store<T>(y, mul<T>(splat<T>(alpha), load<T>(x)));
  store<T>(x, splat<T>(0));
}

/** y = alpha x; x = 0 */
export function drain(x: usize, y: usize, n: usize, alpha: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      drainAt<v128>(x + i, y + i, alpha);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) drainAt<f32>(x + i, y + i, alpha);
}
