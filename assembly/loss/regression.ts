/** Losses of a difference d = x - t, element by element; see src/losses/regression.ts. `gradient` may be `x`. */
import { abs, add, mul, sign, splat, sub, whenLess } from "../lanes";
import { Pointer, Size } from "../words";

/** losses = d^2;  gradient = scale 2 d */
export function mse<Lane>(x: Pointer, t: Pointer, losses: Pointer, gradient: Pointer, n: Size, scale: f32): void {
  const d = sub<Lane>(load<Lane>(x), load<Lane>(t));
  store<Lane>(losses, mul<Lane>(d, d));
  store<Lane>(gradient, mul<Lane>(splat<Lane>(scale), add<Lane>(d, d)));
}

/** losses = |d|;  gradient = scale sign(d) */
export function l1<Lane>(x: Pointer, t: Pointer, losses: Pointer, gradient: Pointer, n: Size, scale: f32): void {
  const d = sub<Lane>(load<Lane>(x), load<Lane>(t));
  store<Lane>(losses, abs<Lane>(d));
  store<Lane>(gradient, mul<Lane>(splat<Lane>(scale), sign<Lane>(d)));
}

/** losses = square d^2 where |d| <= bound, elsewhere linear (|d| - bound / 2);  gradient = scale times their slope. */
export function huber<Lane>(
  x: Pointer,
  t: Pointer,
  losses: Pointer,
  gradient: Pointer,
  n: Size,
  bound: f32,
  square: f32,
  linear: f32,
  scale: f32,
): void {
  const limit = splat<Lane>(bound);
  const d = sub<Lane>(load<Lane>(x), load<Lane>(t));
  const a = abs<Lane>(d);
  const slope = mul<Lane>(splat<Lane>(square), d);
  const near = mul<Lane>(slope, d);
  const far = mul<Lane>(splat<Lane>(linear), sub<Lane>(a, mul<Lane>(limit, splat<Lane>(0.5))));
  const steep = mul<Lane>(splat<Lane>(linear), sign<Lane>(d));
  // NaN is on the near side, which hands it on.
  store<Lane>(losses, whenLess<Lane>(limit, a, far, near));
  store<Lane>(gradient, mul<Lane>(splat<Lane>(scale), whenLess<Lane>(limit, a, steep, add<Lane>(slope, slope))));
}
