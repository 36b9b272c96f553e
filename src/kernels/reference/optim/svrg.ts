/** Twin of assembly/optim/svrg.ts. */
import type { Views } from "../../../memory/heap.ts";
import { f32 as round } from "../lanes.ts";

export function svrg({ f32 }: Views, p: number, g: number, s: number, u: number, n: number, lr: number): void {
  const by = round(lr);
  for (let i = 0; i < n; i++) {
    const v = round(round(f32[(g >>> 2) + i]! - f32[(s >>> 2) + i]!) + f32[(u >>> 2) + i]!);
    f32[(p >>> 2) + i]! -= round(by * v);
  }
}
