/** Dropout, whose mask is drawn anew from the same random words whenever it is needed. */
import { mul, splat } from "../lanes";
import { randomBits } from "../random";
import { Pointer, Size, Workspace } from "../words";

/** Words drawn at a time. */
const BATCH: usize = 1024;

/** `scale` where the 32-bit integers stored at `at` are at least `threshold`, else 0. */
function factor<T>(at: Pointer, threshold: u32, scale: f32): T {
  if (isVector<T>()) return v128.and(i32x4.ge_u(v128.load(at), i32x4.splat(threshold)), f32x4.splat(scale));
  return (load<u32>(at) >= threshold ? scale : 0) as T;
}

/** The dropout of a batch, whose words are drawn. */
function drop<Lane>(x: Pointer, y: Pointer, words: Pointer, n: Size, threshold: u32, scale: f32): void {
  store<Lane>(y, mul<Lane>(load<Lane>(x), factor<Lane>(words, threshold, scale)));
}

/**
 * y = scale x where the random word of the element (see `randomBits`) is at least `threshold`, else 0 x. It is its own
 * backward pass, from dy to dx. y may be x. `work` is a workspace of 1024 words.
 */
export function dropout(
  x: Pointer,
  y: Pointer,
  work: Workspace,
  n: Size,
  key0: u32,
  key1: u32,
  stream0: u32,
  stream1: u32,
  threshold: u32,
  scale: f32,
): void {
  for (let first: usize = 0; first < n; first += BATCH, x += BATCH << 2, y += BATCH << 2) {
    const count = min<usize>(BATCH, n - first);
    randomBits(work, count, u32(first), key0, key1, stream0, stream1);
    drop(x, y, work, count, threshold, scale);
  }
}
