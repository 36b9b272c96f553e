/** Twin of assembly/softmaxRow.ts. */
import type { Views } from "../../memory/heap.ts";
import { sum } from "./fold.ts";
import { f32 as round } from "./lanes.ts";
import { exp } from "./math.ts";

export function largest({ f32 }: Views, x: number, columns: number): number {
  let most = -Infinity;
  for (let j = 0; j < columns; j++) most = Math.max(most, f32[(x >>> 2) + j]!);
  return most + 0;
}

export function expSum(memory: Views, x: number, y: number, columns: number, shift: number): number {
  const { f32 } = memory;
  for (let j = 0; j < columns; j++) f32[(y >>> 2) + j] = exp(round(f32[(x >>> 2) + j]! - shift));
  return sum(memory, y, columns);
}

export function scaledExp({ f32 }: Views, x: number, y: number, n: number, shift: number, scale: number): void {
  for (let j = 0; j < n; j++) f32[(y >>> 2) + j] = exp(round(round(f32[(x >>> 2) + j]! - shift) * scale));
}
