/** Twin of assembly/loss/focal.ts. */
import type { Views } from "../../../memory/heap.ts";
import { scale } from "../elementwise.ts";
import { atMost, f32 as round, weigh } from "../lanes.ts";
import { log1pTail, logistic, logisticOfMagnitude, softplus, tailOf } from "../logistic.ts";
import { exp, log } from "../math.ts";
import { expSum, largest } from "../softmaxRow.ts";

const LARGEST = round(3.40282347e38);

function steepness(modulated: number, gamma: number, p: number, nll: number, rest: number): number {
  return round(modulated * round(round(round(gamma * p) * nll) + rest));
}

export function sigmoidFocal(
  { f32 }: Views,
  x: number,
  t: number,
  losses: number,
  gradient: number,
  n: number,
  gamma: number,
  positive: number,
  negative: number,
  by: number,
): void {
  const power = round(gamma);
  for (let i = 0; i < n; i++) {
    const z = f32[(x >>> 2) + i]!;
    const tail = tailOf(z);
    const log1p = log1pTail(tail);
    const ofMagnitude = logisticOfMagnitude(tail);
    const p = logistic(z, tail, ofMagnitude);
    const q = logistic(-z, tail, ofMagnitude);
    const up = softplus(z, log1p);
    const down = softplus(-z, log1p);
    const target = f32[(t >>> 2) + i]!;
    const ofPositive = round(round(positive) * target);
    const ofNegative = round(round(negative) * round(1 - target));
    const [finiteUp, finiteDown] = [atMost(up, LARGEST), atMost(down, LARGEST)];
    const easyPositive = exp(round(-power * finiteUp));
    const easyNegative = exp(round(-power * finiteDown));
    f32[(losses >>> 2) + i] =
      weigh(ofPositive, round(easyPositive * down)) + weigh(ofNegative, round(easyNegative * up));
    const pull = round(ofNegative * steepness(easyNegative, power, q, finiteUp, p));
    const push = round(ofPositive * steepness(easyPositive, power, p, finiteDown, q));
    f32[(gradient >>> 2) + i] = round(by) * round(pull - push);
  }
}

function negativeLog1m(q: number): number {
  const p = round(1 - q);
  return p === 1 ? q : round(-log(p) * round(q / round(1 - p)));
}

export function softmaxFocal(
  memory: Views,
  logits: number,
  targets: number,
  weights: number,
  losses: number,
  gradient: number,
  rows: number,
  columns: number,
  gamma: number,
  by: number,
): void {
  const { f32, u32 } = memory;
  const power = round(gamma);
  for (let i = 0; i < rows; i++) {
    const z = logits + 4 * i * columns;
    const y = gradient + 4 * i * columns;
    const target = u32[(targets >>> 2) + i]!;
    const most = largest(memory, z, columns);
    const correct = f32[(z >>> 2) + target]!;
    const total = expSum(memory, z, y, columns, most);
    const own = f32[(y >>> 2) + target]!;
    const rest = round((total - own) / total);
    const p = round(own / total);
    const nll = rest < 0.5 ? negativeLog1m(rest) : round(log(round(total)) + round(most - correct));
    const modulated = power === 0 ? 1 : exp(round(power * log(rest)));
    const weighted = round(f32[(weights >>> 2) + target]! * modulated);
    f32[(losses >>> 2) + i] = weigh(weighted, nll);
    const ratio = rest === 0 ? 1 : round(nll / rest);
    const slope = round(round(by) * round(weighted * round(1 + round(power * weigh(p, ratio)))));
    scale(memory, y, y, columns, round(slope / round(total)));
    f32[(y >>> 2) + target] = -slope * rest;
  }
}
