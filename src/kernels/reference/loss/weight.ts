/** Twin of assembly/loss/weight.ts. */
import type { Views } from "../../../memory/heap.ts";
import { scale } from "../elementwise.ts";
import { weigh } from "../lanes.ts";

export function weightElements({ f32 }: Views, w: number, y: number, n: number): void {
  for (let i = 0; i < n; i++) f32[(y >>> 2) + i] = weigh(f32[(w >>> 2) + i]!, f32[(y >>> 2) + i]!);
}

export function weightRows(memory: Views, w: number, y: number, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) {
    scale(memory, y + 4 * i * columns, y + 4 * i * columns, columns, memory.f32[(w >>> 2) + i]!);
  }
}

export function tile({ u32 }: Views, x: number, y: number, n: number, columns: number, from: number): void {
  for (let i = 0; i < n; i++) u32[(y >>> 2) + i] = u32[(x >>> 2) + ((from + i) % columns)]!;
}
