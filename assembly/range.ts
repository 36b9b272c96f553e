/** Where the first element is that has no place in an argument of a layer or a loss. */
import { Pointer, Size } from "./words";

/** The position of the first index that is not below `bound`, or -1. */
export function firstOutOfRange(index: Pointer, n: Size, bound: Size): i32 {
  for (let i: usize = 0; i < n; i++) {
    if (load<u32>(index + (i << 2)) >= u32(bound)) return i32(i);
  }
  return -1;
}

/** The position of the first element that is not in [low, high], such as NaN, or -1. */
export function firstOutside(x: Pointer, n: Size, low: f32, high: f32): i32 {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD) {
    const least = f32x4.splat(low);
    const most = f32x4.splat(high);
    for (; i + 16 <= end; i += 16) {
      const lanes = v128.load(x + i);
      if (!i32x4.all_true(v128.and(f32x4.ge(lanes, least), f32x4.le(lanes, most)))) break;
    }
  }
  for (; i < end; i += 4) {
    const element = load<f32>(x + i);
    if (!(element >= low && element <= high)) return i32(i >> 2);
  }
  return -1;
}
