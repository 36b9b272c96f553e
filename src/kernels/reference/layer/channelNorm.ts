/** Twin of assembly/layer/channelNorm.ts. */
import type { Views } from "../../../memory/heap.ts";
import { dot, sum } from "../fold.ts";
import { f32 as round } from "../lanes.ts";
import { addTotals, centred, moments, normalised, statisticsOf, throughNormal } from "../statistics.ts";

export function channelMoments(
  memory: Views,
  x: number,
  saved: number,
  variance: number,
  _acc: number,
  segments: number,
  width: number,
  groups: number,
  span: number,
  eps: number,
): void {
  const { f32 } = memory;
  const count = (segments * width) / groups;
  const shiftOf = (j: number) => f32[(x >>> 2) + j * span * width]!;
  const sums = Array.from({ length: groups }, (): [number, number] => [0, 0]);
  for (let s = 0; s < segments; s++) {
    const j = Math.floor(s / span) % groups;
    const [total, squares] = moments(memory, x + 4 * s * width, width, shiftOf(j));
    sums[j]![0] += total;
    sums[j]![1] += squares;
  }
  for (let j = 0; j < groups; j++) {
    const [mean, low, rstd, biased] = statisticsOf(shiftOf(j), sums[j]!, count, eps);
    f32[(variance >>> 2) + j] = biased;
    for (const [part, value] of [mean, low, rstd].entries()) f32[(saved >>> 2) + part * groups + j] = value;
  }
}

/** What is saved of group j: the mean in two parts and 1 / deviation. */
function statistics({ f32 }: Views, saved: number, groups: number, j: number): [number, number, number] {
  const at = (saved >>> 2) + j;
  return [f32[at]!, f32[at + groups]!, f32[at + 2 * groups]!];
}

export function channelNorm(
  memory: Views,
  x: number,
  weight: number,
  bias: number,
  y: number,
  saved: number,
  segments: number,
  width: number,
  channels: number,
  groups: number,
  span: number,
): void {
  const { f32 } = memory;
  for (let s = 0; s < segments; s++) {
    const [mean, low, rstd] = statistics(memory, saved, groups, Math.floor(s / span) % groups);
    const gain = round(rstd * f32[(weight >>> 2) + (s % channels)]!);
    const shift = f32[(bias >>> 2) + (s % channels)]!;
    for (let i = s * width; i < (s + 1) * width; i++) {
      f32[(y >>> 2) + i] = normalised(f32[(x >>> 2) + i]!, mean, low, gain, shift);
    }
  }
}

export function channelNormSums(
  memory: Views,
  x: number,
  weight: number,
  dy: number,
  saved: number,
  dWeight: number,
  dBias: number,
  means: number,
  work: number,
  acc: number,
  segments: number,
  width: number,
  channels: number,
  groups: number,
  span: number,
): void {
  const { f32, f64 } = memory;
  const count = (segments * width) / groups;
  const shared = span !== 1 || channels !== groups;
  f64.fill(0, acc >>> 3, (acc >>> 3) + 2 * channels);
  const groupBias = new Float64Array(groups);
  const groupWeight = new Float64Array(groups);
  for (let s = 0; s < segments; s++) {
    const j = Math.floor(s / span) % groups;
    const channel = s % channels;
    const [mean, low, rstd] = statistics(memory, saved, groups, j);
    for (let i = 0; i < width; i++) {
      f32[(work >>> 2) + i] = centred(f32[(x >>> 2) + s * width + i]!, mean, low) * rstd;
    }
    const product = dot(memory, dy + 4 * s * width, work, width);
    const total = sum(memory, dy + 4 * s * width, width);
    const w = f32[(weight >>> 2) + channel]!;
    f64[(acc >>> 3) + channel]! += product;
    f64[(acc >>> 3) + channels + channel]! += total;
    groupBias[j]! += w * total;
    groupWeight[j]! += w * product;
  }
  for (let j = 0; j < groups; j++) {
    const w = f32[(weight >>> 2) + (j % channels)]!;
    const first = shared ? groupBias[j]! : w * f64[(acc >>> 3) + channels + j]!;
    const second = shared ? groupWeight[j]! : w * f64[(acc >>> 3) + j]!;
    f32[(means >>> 2) + j] = first / count;
    f32[(means >>> 2) + groups + j] = second / count;
  }
  addTotals(memory, acc, dWeight, channels);
  addTotals(memory, acc + 8 * channels, dBias, channels);
}

export function channelNormBackward(
  memory: Views,
  x: number,
  weight: number,
  dy: number,
  saved: number,
  means: number,
  dx: number,
  segments: number,
  width: number,
  channels: number,
  groups: number,
  span: number,
): void {
  const { f32 } = memory;
  for (let s = 0; s < segments; s++) {
    const j = Math.floor(s / span) % groups;
    const [mean, low, rstd] = statistics(memory, saved, groups, j);
    const w = f32[(weight >>> 2) + (s % channels)]!;
    const m1 = f32[(means >>> 2) + j]!;
    const m2 = f32[(means >>> 2) + groups + j]!;
    for (let i = s * width; i < (s + 1) * width; i++) {
      const n = round(centred(f32[(x >>> 2) + i]!, mean, low) * rstd);
      f32[(dx >>> 2) + i] = throughNormal(round(f32[(dy >>> 2) + i]! * w), n, m1, m2, rstd);
    }
  }
}
