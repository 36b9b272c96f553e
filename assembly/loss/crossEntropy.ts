/** Softmax cross-entropy over logits; see src/losses/crossEntropy.ts. */
import { add, atLeast, max, splat, sub } from "../lanes";
import { scale } from "../elementwise";
import { sum } from "../fold";
import { exp, log } from "../math";

/** The largest element of a row. Of NaN anything may come: the sum of exponentials is NaN then whatever the shift. */
function largest(x: usize, bytes: usize): f32 {
  let i: usize = 0;
  let most: f32 = -Infinity;
  if (ASC_FEATURE_SIMD) {
    let lanes = splat<v128>(-Infinity);
    for (; i + 16 <= bytes; i += 16) lanes = atLeast<v128>(lanes, v128.load(x + i));
    most = max<f32>(
      max<f32>(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 1)),
      max<f32>(f32x4.extract_lane(lanes, 2), f32x4.extract_lane(lanes, 3)),
    );
  }
  for (; i < bytes; i += 4) most = max<f32>(most, load<f32>(x + i));
  return most;
}

function shiftedExpAt<T>(x: usize, y: usize, shift: f32): void {
  store<T>(y, exp<T>(sub<T>(load<T>(x), splat<T>(shift))));
}

function shiftedExp(x: usize, y: usize, bytes: usize, shift: f32): void {
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && bytes >= 16) {
    do {
      shiftedExpAt<v128>(x + i, y + i, shift);
      i += 16;
    } while (i + 16 <= bytes);
  }
  for (; i < bytes; i += 4) shiftedExpAt<f32>(x + i, y + i, shift);
}

/**
 * losses[i] = log sum_j e^(z_ij) - z_i,target(i);  gradient[i, :] = weight (softmax z_i - onehot target(i)).
 * `gradient` may be `logits`. Every target must be below `columns`.
 */
export function softmaxCrossEntropy(
  logits: usize,
  targets: usize,
  losses: usize,
  gradient: usize,
  rows: usize,
  columns: usize,
  weight: f32,
): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    const z = logits + i * bytes;
    const y = gradient + i * bytes;
    const target = load<u32>(targets + (i << 2)) << 2;
    const most = largest(z, bytes);
    const correct = load<f32>(z + target);
    shiftedExp(z, y, bytes, most);
    const total = f32(sum(y, columns));
    store<f32>(losses + (i << 2), add<f32>(log<f32>(total), sub<f32>(most, correct)));
    scale(y, y, columns, weight / total);
    store<f32>(y + target, load<f32>(y + target) - weight);
  }
}
