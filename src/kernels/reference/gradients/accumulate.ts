/** Twins of assembly/gradients/accumulate.ts. */
import type { Views } from "../../../memory/heap.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

export function accumulate({ f32 }: Views, x: number, y: number, n: number, alpha: number): void {
  const by = round(alpha);
  for (let i = 0; i < n; i++) {
    f32[(y >>> 2) + i] = mulAdd(by, f32[(x >>> 2) + i]!, f32[(y >>> 2) + i]!);
    f32[(x >>> 2) + i] = 0;
  }
}

export function drain({ f32 }: Views, x: number, y: number, n: number, alpha: number): void {
  const by = round(alpha);
  for (let i = 0; i < n; i++) {
    f32[(y >>> 2) + i] = by * f32[(x >>> 2) + i]!;
    f32[(x >>> 2) + i] = 0;
  }
}
