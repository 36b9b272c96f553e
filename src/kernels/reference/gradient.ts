/** Twin of assembly/gradient.ts: p and g are positions in `f32`, the scalars float32 already. */
import { mulAdd, f32 as round } from "./lanes.ts";

export function penalised(f32: Float32Array, p: number, g: number, scale: number, l2: number): number {
  return mulAdd(scale, f32[g]!, round(l2 * f32[p]!));
}
