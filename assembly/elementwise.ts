/** Maps over whole arrays; an output may be the same array as an input. */
import { clip, mul, mulAdd, splat, sub } from "./lanes";
import * as elementary from "./math";
import { Pointer, Size } from "./words";

/** y = value */
export function fill<Lane>(y: Pointer, n: Size, value: f32): void {
  store<Lane>(y, splat<Lane>(value));
}

/** y = x */
export function copy(x: Pointer, y: Pointer, n: Size): void {
  memory.copy(y, x, n << 2);
}

/** y_i = x_(i every): n elements of x, equally far apart. */
export function pick(x: Pointer, y: Pointer, n: Size, every: Size): void {
  const end = y + (n << 2);
  for (; y < end; y += 4, x += every << 2) store<f32>(y, load<f32>(x));
}

/** y = alpha x */
export function scale<Lane>(x: Pointer, y: Pointer, n: Size, alpha: f32): void {
  store<Lane>(y, mul<Lane>(splat<Lane>(alpha), load<Lane>(x)));
}

/** y = alpha x + y */
export function axpy<Lane>(x: Pointer, y: Pointer, n: Size, alpha: f32): void {
  store<Lane>(y, mulAdd<Lane>(splat<Lane>(alpha), load<Lane>(x), load<Lane>(y)));
}

/** z = x y */
export function multiply<Lane>(x: Pointer, y: Pointer, z: Pointer, n: Size): void {
  store<Lane>(z, mul<Lane>(load<Lane>(x), load<Lane>(y)));
}

/** y = y + weight (x - y) */
export function lerp<Lane>(x: Pointer, y: Pointer, n: Size, weight: f32): void {
  const from = load<Lane>(y);
  store<Lane>(y, mulAdd<Lane>(splat<Lane>(weight), sub<Lane>(load<Lane>(x), from), from));
}

/** y = low below it, high above it, else x, NaN included */
export function clamp<Lane>(x: Pointer, y: Pointer, n: Size, low: f32, high: f32): void {
  store<Lane>(y, clip<Lane>(load<Lane>(x), splat<Lane>(low), splat<Lane>(high)));
}

/** y = e^x */
export function exp<Lane>(x: Pointer, y: Pointer, n: Size): void {
  store<Lane>(y, elementary.exp<Lane>(load<Lane>(x)));
}

/** y = ln x */
export function log<Lane>(x: Pointer, y: Pointer, n: Size): void {
  store<Lane>(y, elementary.log<Lane>(load<Lane>(x)));
}
