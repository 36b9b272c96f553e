/** NAG-GS. See src/optim/nagGs.ts for the rule and its source. */
import { mul, mulAdd, splat, sub } from "../lanes";

function nagGsAt<T>(p: usize, v: usize, g: usize, b: f32, push: f32, a: f32): void {
  const x = load<T>(p);
  const v0 = load<T>(v);
  const pulled = mulAdd<T>(splat<T>(b), sub<T>(x, v0), v0);
  const v1 = sub<T>(pulled, mul<T>(splat<T>(push), load<T>(g)));
  store<T>(v, v1);
  store<T>(p, mulAdd<T>(splat<T>(a), sub<T>(v1, x), x));
}

/** v = v + b (p - v) - push g;  p = p + a (v - p) */
export function nagGs(p: usize, v: usize, g: usize, n: usize, b: f32, push: f32, a: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      nagGsAt<v128>(p + i, v + i, g + i, b, push, a);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) nagGsAt<f32>(p + i, v + i, g + i, b, push, a);
}
