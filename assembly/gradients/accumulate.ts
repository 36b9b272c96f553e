/** Gradient accumulation. See src/gradients/accumulate.ts for the rule. Both kernels leave what they read at 0. */
import { mul, mulAdd, splat } from "../lanes";
import { Pointer, Size } from "../words";

/** y = alpha x + y; x = 0 */
export function accumulate<Lane>(x: Pointer, y: Pointer, n: Size, alpha: f32): void {
  store<Lane>(y, mulAdd<Lane>(splat<Lane>(alpha), load<Lane>(x), load<Lane>(y)));
  store<Lane>(x, splat<Lane>(0));
}

/** y = alpha x; x = 0 */
export function drain<Lane>(x: Pointer, y: Pointer, n: Size, alpha: f32): void {
  store<Lane>(y, mul<Lane>(splat<Lane>(alpha), load<Lane>(x)));
  store<Lane>(x, splat<Lane>(0));
}
