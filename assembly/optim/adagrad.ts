/** Adagrad. See src/optim/adagrad.ts for the rule and its source. */
import { penalised } from "../gradient";
import { div, mul, mulAdd, splat, sub } from "../lanes";
import { root } from "../moments";

function adagradAt<T>(p: usize, s: usize, g: usize, scale: f32, l2: f32, step: f32, inside: f32, outside: f32): void {
  const grad = penalised<T>(p, g, scale, l2);
  const total = mulAdd<T>(grad, grad, load<T>(s));
  store<T>(s, total);
  store<T>(p, sub<T>(load<T>(p), div<T>(mul<T>(splat<T>(step), grad), root<T>(total, inside, outside))));
}

/** s = s + g'^2;  p -= step g' / (sqrt(s + inside) + outside), where g' = scale g + l2 p */
export function adagrad(
  p: usize,
  s: usize,
  g: usize,
  n: usize,
  scale: f32,
  l2: f32,
  step: f32,
  inside: f32,
  outside: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adagradAt<v128>(p + i, s + i, g + i, scale, l2, step, inside, outside);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) adagradAt<f32>(p + i, s + i, g + i, scale, l2, step, inside, outside);
}
