/** Twin of assembly/range.ts. */
import type { Views } from "../../memory/heap.ts";
import { f32 as round } from "./lanes.ts";

export function firstOutOfRange({ u32 }: Views, index: number, n: number, bound: number): number {
  for (let i = 0; i < n; i++) if (u32[(index >>> 2) + i]! >= bound >>> 0) return i;
  return -1;
}

export function firstOutside({ f32 }: Views, x: number, n: number, low: number, high: number): number {
  const [least, most] = [round(low), round(high)];
  for (let i = 0; i < n; i++) {
    const element = f32[(x >>> 2) + i]!;
    if (!(element >= least && element <= most)) return i;
  }
  return -1;
}
