/** Averaged SGD. See src/optim/asgd.ts for the rule and its source. */
import { penalised } from "../gradient";
import { mul, mulAdd, splat, sub } from "../lanes";

/** p -= eta (scale g + l2 p), stored. */
function descended<T>(p: usize, g: usize, scale: f32, l2: f32, eta: f32): T {
  const moved = sub<T>(load<T>(p), mul<T>(splat<T>(eta), penalised<T>(p, g, scale, l2)));
  store<T>(p, moved);
  return moved;
}

function asgdCopyAt<T>(p: usize, a: usize, g: usize, scale: f32, l2: f32, eta: f32): void {
  store<T>(a, descended<T>(p, g, scale, l2, eta));
}

/** p -= eta (scale g + l2 p);  a = p: as long as there is nothing to average. */
export function asgdCopy(p: usize, a: usize, g: usize, n: usize, scale: f32, l2: f32, eta: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      asgdCopyAt<v128>(p + i, a + i, g + i, scale, l2, eta);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) asgdCopyAt<f32>(p + i, a + i, g + i, scale, l2, eta);
}

function asgdAverageAt<T>(p: usize, a: usize, g: usize, scale: f32, l2: f32, eta: f32, mu: f32): void {
  const moved = descended<T>(p, g, scale, l2, eta);
  const average = load<T>(a);
  store<T>(a, mulAdd<T>(splat<T>(mu), sub<T>(moved, average), average));
}

/** p -= eta (scale g + l2 p);  a += mu (p - a) */
export function asgdAverage(p: usize, a: usize, g: usize, n: usize, scale: f32, l2: f32, eta: f32, mu: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      asgdAverageAt<v128>(p + i, a + i, g + i, scale, l2, eta, mu);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) asgdAverageAt<f32>(p + i, a + i, g + i, scale, l2, eta, mu);
}
