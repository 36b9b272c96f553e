/** Twin of assembly/optim/adagrad.ts. */
import type { Views } from "../../../memory/heap.ts";
import { penalised } from "../gradient.ts";
import { mulAdd, f32 as round } from "../lanes.ts";
import { root } from "../moments.ts";

export function adagrad(
  { f32 }: Views,
  p: number,
  s: number,
  g: number,
  n: number,
  scale: number,
  l2: number,
  step: number,
  inside: number,
  outside: number,
): void {
  [scale, l2, step, inside, outside] = [round(scale), round(l2), round(step), round(inside), round(outside)];
  for (let i = 0; i < n; i++) {
    const at = (p >>> 2) + i;
    const grad = penalised(f32, at, (g >>> 2) + i, scale, l2);
    const total = mulAdd(grad, grad, f32[(s >>> 2) + i]!);
    f32[(s >>> 2) + i] = total;
    f32[at] = f32[at]! - round(round(step * grad) / root(total, inside, outside));
  }
}
