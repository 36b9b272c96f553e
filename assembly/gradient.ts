/** What rules take for the gradient. */
import { mul, mulAdd, splat } from "./lanes";
import { Pointer } from "./words";

/** The gradient with the L2 penalty: scale g + l2 p. */
export function penalised<T>(p: Pointer, g: Pointer, scale: f32, l2: f32): T {
  return mulAdd<T>(splat<T>(scale), load<T>(g), mul<T>(splat<T>(l2), load<T>(p)));
}
