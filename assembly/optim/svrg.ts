/** Stochastic variance-reduced gradient. See src/training/svrg.ts for the rule and its source. */
import { add, mul, splat, sub } from "../lanes";

function svrgAt<T>(p: usize, g: usize, s: usize, u: usize, lr: f32): void {
  const v = add<T>(sub<T>(load<T>(g), load<T>(s)), load<T>(u));
  store<T>(p, sub<T>(load<T>(p), mul<T>(splat<T>(lr), v)));
}

/** p -= lr (g - s + u): the gradient of a batch at p, less that at the snapshot, plus the full gradient there. */
export function svrg(p: usize, g: usize, s: usize, u: usize, n: usize, lr: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      svrgAt<v128>(p + i, g + i, s + i, u + i, lr);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) svrgAt<f32>(p + i, g + i, s + i, u + i, lr);
}
