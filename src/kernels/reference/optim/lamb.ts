/** Twins of assembly/optim/lamb.ts. */
import type { Views } from "../../../memory/heap.ts";
import { CHUNK, chunkDot } from "../chunk.ts";
import { mulAdd, f32 as round } from "../lanes.ts";

/** u of one element; the scalars are float32 already. */
function direction(p: number, m: number, v: number, step: number, eps: number, l2: number): number {
  return mulAdd(l2, p, round(round(step * m) / round(round(Math.sqrt(v)) + eps)));
}

export function lambMoments(
  memory: Views,
  p: number,
  m: number,
  v: number,
  g: number,
  work: number,
  sums: number,
  n: number,
  beta1: number,
  gain1: number,
  beta2: number,
  gain2: number,
  step: number,
  eps: number,
  l2: number,
): void {
  [beta1, gain1, beta2, gain2] = [round(beta1), round(gain1), round(beta2), round(gain2)];
  [step, eps, l2] = [round(step), round(eps), round(l2)];
  const { f32, f64 } = memory;
  let [ofP, ofU] = [0, 0];
  for (let start = 0; start < n; start += CHUNK) {
    const length = Math.min(CHUNK, n - start);
    for (let k = 0; k < length; k++) {
      const i = start + k;
      const grad = f32[(g >>> 2) + i]!;
      const scaled = round(gain2 * grad);
      const first = mulAdd(beta1, f32[(m >>> 2) + i]!, round(gain1 * grad));
      const second = mulAdd(beta2, f32[(v >>> 2) + i]!, round(scaled * scaled));
      f32[(m >>> 2) + i] = first;
      f32[(v >>> 2) + i] = second;
      f32[(work >>> 2) + k] = direction(f32[(p >>> 2) + i]!, first, second, step, eps, l2);
    }
    ofP += chunkDot(memory, p + 4 * start, p + 4 * start, length);
    ofU += chunkDot(memory, work, work, length);
  }
  f64[sums >>> 3] = ofP;
  f64[(sums >>> 3) + 1] = ofU;
}

export function lambStep(
  { f32 }: Views,
  p: number,
  m: number,
  v: number,
  n: number,
  step: number,
  eps: number,
  l2: number,
  rate: number,
): void {
  [step, eps, l2, rate] = [round(step), round(eps), round(l2), round(rate)];
  for (let i = 0; i < n; i++) {
    const w = f32[(p >>> 2) + i]!;
    const u = direction(w, f32[(m >>> 2) + i]!, f32[(v >>> 2) + i]!, step, eps, l2);
    f32[(p >>> 2) + i] = w - round(rate * u);
  }
}
