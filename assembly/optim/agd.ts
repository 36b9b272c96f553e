/**
 * Automatic gradient descent. See src/optim/agd.ts for the rule and its source. A gradient is rows x positions: every
 * position of a convolution kernel has a norm of its own, a matrix is of one position.
 */
import { addSquares } from "../chunk";
import { dot } from "../fold";
import { clip, div, mul, splat, sub, whenLess } from "../lanes";

/** norm_j = |g_j|, rounded to float32; returns their sum. */
export function agdNorms(g: usize, norm: usize, acc: usize, rows: usize, positions: usize): f64 {
  if (positions == 1) {
    store<f64>(acc, dot(g, g, rows));
  } else {
    memory.fill(acc, 0, positions << 3);
    for (; rows > 0; rows--, g += positions << 2) addSquares(g, acc, positions);
  }
  let total: f64 = 0;
  for (const end = norm + (positions << 2); norm < end; norm += 4, acc += 8) {
    const length = f64.sqrt(load<f64>(acc));
    store<f32>(norm, f32(length));
    total += length;
  }
  return total;
}

/** The largest float32: infinity times an element that is 0 would be NaN. */
const LARGEST: f32 = 3.40282347e38;

/** step / norm, or 0 for a gradient of 0: one whose norm is below the normal numbers. */
function rateOf<T>(norm: T, step: f32): T {
  const rate = clip<T>(div<T>(splat<T>(step), norm), splat<T>(-LARGEST), splat<T>(LARGEST));
  return whenLess<T>(norm, splat<T>(1.17549435e-38), splat<T>(0), rate);
}

function agdStepAt<T>(p: usize, g: usize, rate: T): void {
  store<T>(p, sub<T>(load<T>(p), mul<T>(rate, load<T>(g))));
}

/** p_j = p_j - step g_j / norm_j */
export function agdStep(p: usize, g: usize, norm: usize, rows: usize, positions: usize, step: f32): void {
  if (positions == 1) {
    const rate = rateOf<f32>(load<f32>(norm), step);
    const end = rows << 2;
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && end >= 16) {
      do {
        agdStepAt<v128>(p + i, g + i, splat<v128>(rate));
        i += 16;
      } while (i + 16 <= end);
    }
    for (; i < end; i += 4) agdStepAt<f32>(p + i, g + i, rate);
    return;
  }
  const end = positions << 2;
  for (; rows > 0; rows--, p += end, g += end) {
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && end >= 16) {
      do {
        agdStepAt<v128>(p + i, g + i, rateOf<v128>(v128.load(norm + i), step));
        i += 16;
      } while (i + 16 <= end);
    }
    for (; i < end; i += 4) agdStepAt<f32>(p + i, g + i, rateOf<f32>(load<f32>(norm + i), step));
  }
}
