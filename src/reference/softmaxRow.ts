/** Twin of assembly/softmaxRow.ts. Rows start at element `x`. */
import { f32 as round } from "./lanes.ts";
import { exp } from "./math.ts";

export function largest(values: Float32Array, x: number, n: number): number {
  let most = -Infinity;
  for (let j = 0; j < n; j++) most = Math.max(most, values[x + j]!);
  return most + 0;
}

export function shiftedExp(values: Float32Array, x: number, y: number, n: number, shift: number, scale: number): void {
  for (let j = 0; j < n; j++) values[y + j] = exp(round(round(values[x + j]! - shift) * scale));
}
