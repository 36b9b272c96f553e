/** Twin of assembly/distribution.ts, which states the rules and their source. */
import type { Views } from "../../memory/heap.ts";
import { clip, mulAdd, f32 as round } from "./lanes.ts";
import { log, polynomial } from "./math.ts";

export function uniformFromBits({ f32, u32 }: Views, y: number, n: number, low: number, range: number): void {
  for (let i = y >>> 2; i < (y >>> 2) + n; i++) {
    f32[i] = mulAdd((u32[i]! >>> 8) * 5.9604644775390625e-8, round(range), round(low));
  }
}

const A = [5.910937472e1, 1.5929113202e2, 5.0434271938e1, 3.3871327179].map(round);
const B = [6.71875636e1, 7.8757757664e1, 1.7895169469e1, 1].map(round);
const C = [1.7023821103e-1, 1.3067284816, 2.75681539, 1.4234372777].map(round);
const D = [1.2021132975e-1, 7.370016425e-1, 1].map(round);

function tailQuantile(p: number): number {
  if (p < round(0.075)) {
    const s = round(round(Math.sqrt(0 - log(p))) - round(1.6));
    return round(polynomial(s, C) / polynomial(s, D));
  }
  const q = round(0.5 - p);
  const r = round(round(0.180625) - round(q * q));
  return round(round(q * polynomial(r, A)) / polynomial(r, B));
}

function half(word: number): number {
  return round(round(round(word >>> 1) + 0.5) * 2.3283064365386963e-10);
}

export function normalFromBits({ f32, u32 }: Views, y: number, n: number, mean: number, deviation: number): void {
  for (let i = y >>> 2; i < (y >>> 2) + n; i++) {
    const word = u32[i]!;
    const tail = tailQuantile(half(word));
    f32[i] = mulAdd(word & 1 ? -tail : tail, round(deviation), round(mean));
  }
}

export function truncatedNormalFromBits(
  { f32, u32 }: Views,
  y: number,
  n: number,
  mean: number,
  deviation: number,
  below: number,
  within: number,
  above: number,
  low: number,
  high: number,
): void {
  for (let i = y >>> 2; i < (y >>> 2) + n; i++) {
    const word = u32[i]!;
    const near = half(word);
    const far = round(1 - near);
    const left = mulAdd(round(within), word & 1 ? near : far, round(below));
    const right = mulAdd(round(within), word & 1 ? far : near, round(above));
    const z = left < right ? 0 - tailQuantile(left) : tailQuantile(right);
    f32[i] = clip(mulAdd(z, round(deviation), round(mean)), round(low), round(high));
  }
}
