/** The L1 penalty and its proximal step; see src/losses/penalty.ts. */
import { clip, mulAdd, sign, splat, sub } from "../lanes";
import { Pointer, Size } from "../words";

/** g += strength sign(w) */
export function addSign<Lane>(w: Pointer, g: Pointer, n: Size, strength: f32): void {
  store<Lane>(g, mulAdd<Lane>(splat<Lane>(strength), sign<Lane>(load<Lane>(w)), load<Lane>(g)));
}

/** w = sign(w) max(|w| - threshold, 0) */
export function softThreshold<Lane>(w: Pointer, n: Size, threshold: f32): void {
  const x = load<Lane>(w);
  store<Lane>(w, sub<Lane>(x, clip<Lane>(x, splat<Lane>(-threshold), splat<Lane>(threshold))));
}
