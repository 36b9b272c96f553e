/** The pieces of a softmax over one row that stays in cache between them. */
import { CHUNK, chunkSum } from "./chunk";
import { add, atLeast, max, mul, splat, sub } from "./lanes";
import { exp, expBelow89 } from "./math";
import { Pointer, Size } from "./words";

/** The largest of four lanes. */
function largestLane(a: v128): f32 {
  return max<f32>(
    max<f32>(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
    max<f32>(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)),
  );
}

/** The largest element of a row, +0 for -0. Of NaN anything may come: the sum of exponentials is NaN then whatever the shift. */
export function largest(x: Pointer, columns: Size): f32 {
  const end = x + (columns << 2);
  let most: f32 = -Infinity;
  if (ASC_FEATURE_SIMD) {
    // Four maxima, since each waits for the one before it.
    let a = splat<v128>(-Infinity),
      b = a,
      c = a,
      d = a;
    for (; x + 64 <= end; x += 64) {
      a = atLeast<v128>(a, v128.load(x));
      b = atLeast<v128>(b, v128.load(x, 16));
      c = atLeast<v128>(c, v128.load(x, 32));
      d = atLeast<v128>(d, v128.load(x, 48));
    }
    a = atLeast<v128>(atLeast<v128>(a, b), atLeast<v128>(c, d));
    for (; x + 16 <= end; x += 16) a = atLeast<v128>(a, v128.load(x));
    most = largestLane(a);
  }
  for (; x < end; x += 4) most = max<f32>(most, load<f32>(x));
  return add<f32>(most, 0);
}

function shiftedExpAt<T>(x: Pointer, y: Pointer, shift: f32): void {
  store<T>(y, expBelow89<T>(sub<T>(load<T>(x), splat<T>(shift))));
}

/**
 * y = e^(x - shift); returns the largest of as many elements at `next`. Exponentials leave memory idle, so that the
 * largest element of the row after this one costs little, and the row is in cache when its turn comes.
 */
export function shiftedExp(x: Pointer, y: Pointer, next: Pointer, n: Size, shift: f32): f32 {
  const end = n << 2;
  let i: usize = 0;
  let most: f32 = -Infinity;
  if (ASC_FEATURE_SIMD && end >= 16) {
    let lanes = splat<v128>(-Infinity);
    do {
      lanes = atLeast<v128>(lanes, v128.load(next + i));
      shiftedExpAt<v128>(x + i, y + i, shift);
      i += 16;
    } while (i + 16 <= end);
    most = largestLane(lanes);
  }
  for (; i < end; i += 4) {
    most = max<f32>(most, load<f32>(next + i));
    shiftedExpAt<f32>(x + i, y + i, shift);
  }
  return most;
}

/** y = e^(x - shift), and its sum in the order of fold.ts, each chunk summed while it is in the first cache. */
export function expSum(x: Pointer, y: Pointer, columns: Size, shift: f32): f64 {
  let total: f64 = 0;
  for (; columns > CHUNK; columns -= CHUNK, x += CHUNK << 2, y += CHUNK << 2) {
    shiftedExp(x, y, x, CHUNK, shift);
    total += chunkSum(y, CHUNK);
  }
  shiftedExp(x, y, x, columns, shift);
  return total + chunkSum(y, columns);
}

/** y = e^(scale (x - shift)) */
export function scaledExp<Lane>(x: Pointer, y: Pointer, n: Size, shift: f32, scale: f32): void {
  store<Lane>(y, exp<Lane>(mul<Lane>(sub<Lane>(load<Lane>(x), splat<Lane>(shift)), splat<Lane>(scale))));
}
