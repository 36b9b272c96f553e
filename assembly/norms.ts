/**
 * Sums of squares for monitoring: of the gradients, of the change of the values, and of the new values. Element i of a
 * chunk goes to partial i mod 4, in float32, and chunks are added in order, in float64: float64 throughout would double
 * the time of an AdamW step, this takes a seventh of it.
 */
import { CHUNK } from "./chunk";
import { mulAdd, sub } from "./lanes";
import { Pointer, Size, Workspace } from "./words";

/** Bytes of the partials of one sum. */
export const PARTIALS: usize = 16;

/** The sum of four partials, in float64. */
function total(at: Pointer): f64 {
  return f64(load<f32>(at)) + f64(load<f32>(at, 4)) + (f64(load<f32>(at, 8)) + f64(load<f32>(at, 12)));
}

/** Adds three sets of partials at `work` to the float64 at `sums`, and leaves them 0. */
export function flush(work: Pointer, sums: Pointer): void {
  for (let k: usize = 0; k < 3; k++) {
    const at = sums + (k << 3);
    store<f64>(at, load<f64>(at) + total(work + k * PARTIALS));
  }
  memory.fill(work, 0, 3 * PARTIALS);
}

/** Adds the squares of the element at byte `i` of a chunk to their partials in memory. */
export function gather(work: Pointer, i: Size, g: f32, before: f32, after: f32): void {
  const at = work + (i & 12);
  const change = after - before;
  store<f32>(at, load<f32>(at) + g * g);
  store<f32>(at, load<f32>(at, PARTIALS) + change * change, PARTIALS);
  store<f32>(at, load<f32>(at, 2 * PARTIALS) + after * after, 2 * PARTIALS);
}

/** Adds [sum g^2, sum (p - before)^2, sum p^2] to `sums`. `work` holds partials. */
export function stepNorms(before: Pointer, p: Pointer, g: Pointer, work: Workspace, sums: Pointer, n: Size): void {
  memory.fill(work, 0, 3 * PARTIALS);
  while (n > 0) {
    const length = n < CHUNK ? n : CHUNK;
    const end = length << 2;
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && end >= 16) {
      let ofG = f32x4.splat(0);
      let ofChange = ofG;
      let ofP = ofG;
      do {
        const grad = load<v128>(g + i);
        const after = load<v128>(p + i);
        const change = sub<v128>(after, load<v128>(before + i));
        ofG = mulAdd<v128>(grad, grad, ofG);
        ofChange = mulAdd<v128>(change, change, ofChange);
        ofP = mulAdd<v128>(after, after, ofP);
        i += 16;
      } while (i + 16 <= end);
      store<v128>(work, ofG);
      store<v128>(work + PARTIALS, ofChange);
      store<v128>(work + 2 * PARTIALS, ofP);
    }
    for (; i < end; i += 4) gather(work, i, load<f32>(g + i), load<f32>(before + i), load<f32>(p + i));
    flush(work, sums);
    before += end;
    p += end;
    g += end;
    n -= length;
  }
}
