/** The parts of a softmax over one row, shifted by its largest element so that no exponential overflows. */
import { add, atLeast, max, mul, splat, sub } from "./lanes";
import { exp } from "./math";

/** The largest element of a row, +0 for -0. Of NaN anything may come: the sum of exponentials is NaN then whatever the shift. */
export function largest(x: usize, bytes: usize): f32 {
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
  return add<f32>(most, 0);
}

function shiftedExpAt<T>(x: usize, y: usize, shift: f32, scale: f32): void {
  store<T>(y, exp<T>(mul<T>(sub<T>(load<T>(x), splat<T>(shift)), splat<T>(scale))));
}

/** y = e^(scale (x - shift)) */
export function shiftedExp(x: usize, y: usize, bytes: usize, shift: f32, scale: f32): void {
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && bytes >= 16) {
    do {
      shiftedExpAt<v128>(x + i, y + i, shift, scale);
      i += 16;
    } while (i + 16 <= bytes);
  }
  for (; i < bytes; i += 4) shiftedExpAt<f32>(x + i, y + i, shift, scale);
}
