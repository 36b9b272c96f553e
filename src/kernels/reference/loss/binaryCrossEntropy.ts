/** Twin of assembly/loss/binaryCrossEntropy.ts. */
import type { Views } from "../../../memory/heap.ts";
import { f32 as round, weigh } from "../lanes.ts";
import { log1pTail, logistic, logisticOfMagnitude, softplus, tailOf } from "../logistic.ts";

export function binaryCrossEntropy(
  { f32 }: Views,
  x: number,
  t: number,
  w: number,
  losses: number,
  gradient: number,
  n: number,
  scale: number,
): void {
  for (let i = 0; i < n; i++) {
    const z = f32[(x >>> 2) + i]!;
    const tail = tailOf(z);
    const log1p = log1pTail(tail);
    const ofMagnitude = logisticOfMagnitude(tail);
    const target = f32[(t >>> 2) + i]!;
    const positive = round(f32[(w >>> 2) + i]! * target);
    const negative = round(1 - target);
    f32[(losses >>> 2) + i] = weigh(negative, softplus(z, log1p)) + weigh(positive, softplus(-z, log1p));
    const pull = round(negative * logistic(z, tail, ofMagnitude));
    const push = round(positive * logistic(-z, tail, ofMagnitude));
    f32[(gradient >>> 2) + i] = round(scale) * round(pull - push);
  }
}
