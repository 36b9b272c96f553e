/** Activations: derivatives from the activation's own output. */
import { mul, splat, sub } from "../lanes";

function tanhBackwardAt<T>(y: usize, dy: usize, dx: usize): void {
  const value = load<T>(y);
  store<T>(dx, mul<T>(load<T>(dy), sub<T>(splat<T>(1), mul<T>(value, value))));
}

/** dx = dy (1 - y^2), where y = tanh x; dx may be dy. */
export function tanhBackward(y: usize, dy: usize, dx: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      tanhBackwardAt<v128>(y + i, dy + i, dx + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) tanhBackwardAt<f32>(y + i, dy + i, dx + i);
}
