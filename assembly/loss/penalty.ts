/** The L1 penalty and its proximal step; see src/losses/penalty.ts. */
import { clip, mulAdd, sign, splat, sub } from "../lanes";

function addSignAt<T>(w: usize, g: usize, strength: f32): void {
  store<T>(g, mulAdd<T>(splat<T>(strength), sign<T>(load<T>(w)), load<T>(g)));
}

/** g += strength sign(w) */
export function addSign(w: usize, g: usize, n: usize, strength: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      addSignAt<v128>(w + i, g + i, strength);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) addSignAt<f32>(w + i, g + i, strength);
}

function softThresholdAt<T>(w: usize, threshold: f32): void {
  const x = load<T>(w);
  store<T>(w, sub<T>(x, clip<T>(x, splat<T>(-threshold), splat<T>(threshold))));
}

/** w = sign(w) max(|w| - threshold, 0) */
export function softThreshold(w: usize, n: usize, threshold: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      softThresholdAt<v128>(w + i, threshold);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) softThresholdAt<f32>(w + i, threshold);
}
