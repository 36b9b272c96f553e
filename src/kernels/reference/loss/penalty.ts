/** Twin of assembly/loss/penalty.ts. */
import type { Views } from "../../../memory/heap.ts";
import { clip, mulAdd, f32 as round, sign } from "../lanes.ts";

export function addSign({ f32 }: Views, w: number, g: number, n: number, strength: number): void {
  for (let i = 0; i < n; i++) {
    f32[(g >>> 2) + i] = mulAdd(round(strength), sign(f32[(w >>> 2) + i]!), f32[(g >>> 2) + i]!);
  }
}

export function softThreshold({ f32 }: Views, w: number, n: number, threshold: number): void {
  const by = round(threshold);
  for (let i = 0; i < n; i++) f32[(w >>> 2) + i]! -= clip(f32[(w >>> 2) + i]!, -by, by);
}
