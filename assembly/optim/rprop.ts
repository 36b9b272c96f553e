/** Rprop. See src/optim/rprop.ts for the rule and its source. */
import { mul, sign, splat, sub, whenLess } from "../lanes";

function rpropAt<T>(p: usize, q: usize, s: usize, g: usize, scale: f32, down: f32, up: f32, low: f32, high: f32): void {
  const zero = splat<T>(0);
  const grad = mul<T>(splat<T>(scale), load<T>(g));
  const direction = sign<T>(grad);
  // The sign of one, since the product of two small gradients could round to 0.
  const agreement = mul<T>(direction, load<T>(q));
  const shrunk = whenLess<T>(agreement, zero, splat<T>(down), splat<T>(1));
  const factor = whenLess<T>(zero, agreement, splat<T>(up), shrunk);
  // Comparisons: max and min, which must look for NaN and -0 on x86, made the kernel a third slower.
  let step = mul<T>(load<T>(s), factor);
  step = whenLess<T>(step, splat<T>(low), splat<T>(low), step);
  step = whenLess<T>(splat<T>(high), step, splat<T>(high), step);
  store<T>(s, step);
  store<T>(q, whenLess<T>(agreement, zero, zero, grad));
  store<T>(p, sub<T>(load<T>(p), mul<T>(step, whenLess<T>(agreement, zero, zero, direction))));
}

/**
 *   s = s up where g' = scale g and q have the same sign, s down where they differ, kept to [low, high]
 *   q = 0 where they differ, else g'
 *   p -= s sign(q)
 */
export function rprop(
  p: usize,
  q: usize,
  s: usize,
  g: usize,
  n: usize,
  scale: f32,
  down: f32,
  up: f32,
  low: f32,
  high: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      rpropAt<v128>(p + i, q + i, s + i, g + i, scale, down, up, low, high);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) rpropAt<f32>(p + i, q + i, s + i, g + i, scale, down, up, low, high);
}
