/** Twin of assembly/optim/nagGs.ts. */
import type { Views } from "../../../memory/heap.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

export function nagGs(
  { f32 }: Views,
  p: number,
  v: number,
  g: number,
  n: number,
  b: number,
  push: number,
  a: number,
): void {
  [b, push, a] = [round(b), round(push), round(a)];
  for (let i = 0; i < n; i++) {
    const x = f32[(p >>> 2) + i]!;
    const v0 = f32[(v >>> 2) + i]!;
    const v1 = round(mulAdd(b, round(x - v0), v0) - round(push * f32[(g >>> 2) + i]!));
    f32[(v >>> 2) + i] = v1;
    f32[(p >>> 2) + i] = mulAdd(a, round(v1 - x), x);
  }
}
