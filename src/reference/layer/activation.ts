/** Twin of assembly/layer/activation.ts. */
import type { Views } from "../../heap.ts";
import { f32 as round } from "../lanes.ts";

export function tanhBackward({ f32 }: Views, y: number, dy: number, dx: number, n: number): void {
  for (let i = 0; i < n; i++) {
    const value = f32[(y >>> 2) + i]!;
    f32[(dx >>> 2) + i] = f32[(dy >>> 2) + i]! * round(1 - round(value * value));
  }
}
