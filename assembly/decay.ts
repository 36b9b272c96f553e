/** Decoupled weight decay. */
import { mulAdd, splat, sub } from "./lanes";

/**
 * before - (shrink before + along): step and decay are taken off together, with one rounding at the size of p. The factor
 * 1 - shrink would round p twice, and be off by the same share of a small shrink at every step: over 1000 steps of AdamW
 * at lr 1e-4 and weightDecay 0.1 it made 17 times the error.
 */
export function descended<T>(before: T, shrink: f32, along: T): T {
  return sub<T>(before, mulAdd<T>(splat<T>(shrink), before, along));
}
