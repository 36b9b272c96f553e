/** What the normalisation layers share: arguments that may be left out, workspaces, statistics of channels. */

import { checkBoolean, checkInteger, checkKeys, checkNumber, checkShape, describe, refuse } from "../core/check.ts";
import { sameShape } from "../core/shape.ts";
import type { Engine } from "../kernels/engine.ts";
import { nn } from "../kernels/nn.ts";
import { bytesOf } from "../memory/elementType.ts";
import { checkDistinct, checkView, type Tensors, type View } from "../tensor/tensor.ts";

/** Gradients of a normalisation. */
export interface NormGradients {
  /** Overwritten with the gradient of x; may be dy. Left out for a first layer. */
  dx?: View;
  /** The gradient of the weight is added to it; left out where there is none. */
  dWeight?: View;
  /** The gradient of the bias is added to it; left out where there is none. */
  dBias?: View;
}

function checkGradients(gradients: NormGradients): NormGradients {
  checkKeys("gradients", gradients, ["dx", "dWeight", "dBias"]);
  return gradients;
}

/** Running estimates of the mean and the variance of each channel, which evaluation normalises by. */
export interface RunningStatistics {
  /** [channels]; zeros to begin with. */
  mean: View;
  /** [channels], unbiased; ones to begin with. */
  variance: View;
  /** How many batches have gone into them; training counts it up. Only momentum null depends on it. */
  batches: number;
}

/** Options of norms with running statistics. */
export interface RunningOptions {
  /** Normalise by the batch and move the running statistics; true unless it is given. */
  training?: boolean;
  /** The weight of the new batch in the running statistics, 0.1 as in torch; null for the mean over all batches. */
  momentum?: number | null;
  /** Added to the variance; 1e-5 unless it is given. */
  eps?: number;
}

/** An array [batch, channels, ...] as the channel kernels see it: see assembly/layer/channelNorm.ts. */
export interface Segments {
  readonly segments: number;
  readonly width: number;
  readonly channels: number;
  readonly groups: number;
  readonly span: number;
}

/** Addresses of parts of one workspace, of so many float64 each. */
export function workspace(engine: Engine, ...doubles: number[]): number[] {
  let next: number = engine.region("weights", 8 * doubles.reduce((sum, count) => sum + Math.ceil(count), 0));
  return doubles.map((count) => {
    const start = next;
    next += 8 * Math.ceil(count);
    return start;
  });
}

/** The options of a norm with running statistics, checked, defaults filled in. */
export function runningOptions(name: string, options: RunningOptions): Required<RunningOptions> {
  checkKeys(name, options, ["training", "momentum", "eps"]);
  const { training = true, momentum = 0.1, eps = 1e-5 } = options;
  checkBoolean("training", training);
  if (momentum !== null) checkNumber("momentum", momentum, "[0, 1]");
  checkEps(eps);
  return { training, momentum, eps };
}

export function checkEps(eps: unknown): asserts eps is number {
  checkNumber("eps", eps, "[0, inf)");
}

/** Refuses a view that is there but does not have the shape. */
export function checkOptional(
  argument: string,
  view: View | null | undefined,
  engine: Engine,
  shape: readonly number[],
): void {
  if (view !== null && view !== undefined) checkView(argument, view, engine, "f32", shape);
}

/** Batch and channels, the first two axes, and elements of a channel. */
export function channelsOf(x: View, axes: number): [number, number, number] {
  if (x.shape.length < axes) refuse("x", x.shape, `[batch, channels, ...] of at least ${axes} axes`, "SHAPE_MISMATCH");
  const [batch, channels] = x.shape as [number, number];
  return [batch, channels, x.size / (batch * channels)];
}

/** The address of a view or, where it is left out, `at`, filled with what stands for it. */
export function orConstant(view: View | null, value: number, n: number, at: number, engine: Engine): number {
  if (view) return view.pointer;
  engine.unchecked.fill(at, n, value);
  return at;
}

/** The trailing axes that are normalised over, the last unless they are given, and x as rows of them. */
export function normalizedRows(
  x: View,
  normalizedShape: readonly number[] = x.shape.slice(-1),
): { shape: readonly number[]; rows: number; columns: number } {
  const columns = checkShape("normalizedShape", normalizedShape);
  const trailing = x.shape.slice(x.shape.length - normalizedShape.length);
  const fits = sameShape(trailing, normalizedShape);
  if (!fits || trailing.length === 0) {
    refuse("x", x.shape, `a shape that ends in ${describe(normalizedShape)}`, "SHAPE_MISMATCH");
  }
  return { shape: normalizedShape, rows: x.size / columns, columns };
}

/** Rows, and weights for `period` of them in turn. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
  readonly period: number;
}

/** y = (x - mean) rstd weight + bias for each row. */
export function rowNorm(
  x: View,
  weight: View | null,
  bias: View | null,
  y: View,
  saved: View,
  { rows, columns, period }: Rows,
  eps: number,
): void {
  const { engine } = x;
  const parameters = period * columns;
  const [ones, zeros] = workspace(engine, parameters / 2, parameters / 2) as [number, number];
  const w = orConstant(weight, 1, parameters, ones, engine);
  const b = orConstant(bias, 0, parameters, zeros, engine);
  nn.of(engine).layerNorm(x.pointer, w, b, y.pointer, saved.pointer, rows, columns, period, eps);
}

/** Gradients through `rowNorm`, for weights of `shape`. */
export function rowNormBackward(
  x: View,
  weight: View | null,
  saved: View,
  dy: View,
  gradients: NormGradients,
  { rows, columns, period }: Rows,
  shape: readonly number[],
): void {
  const { dx, dWeight, dBias } = checkGradients(gradients);
  const { engine } = dy;
  checkView("x", x, engine, "f32", dy.shape);
  checkOptional("weight", weight, engine, shape);
  checkView("saved", saved, engine, "f32", [3, rows]);
  checkOptional("dx", dx, engine, x.shape);
  checkOptional("dWeight", dWeight, engine, shape);
  checkOptional("dBias", dBias, engine, shape);
  checkDistinct({ dx, dWeight, dBias }, { weight, saved });
  const n = period * columns;
  const parts = workspace(engine, n / 2, n / 2, dx ? 0 : x.size / 2);
  const [ones, spare, unread] = parts as [number, number, number];
  nn.of(engine).layerNormBackward(
    ...([x.pointer, orConstant(weight, 1, n, ones, engine), dy.pointer, saved.pointer] as const),
    ...([dx?.pointer ?? unread, dWeight?.pointer ?? spare, dBias?.pointer ?? spare] as const),
    ...([rows, columns, period] as const),
  );
}

/** Statistics of each group into `saved` [3, groups], and the biased variances, which are returned. */
export function channelMoments(
  x: View,
  saved: View,
  { segments, width, groups, span }: Segments,
  eps: number,
): number[] {
  const { engine } = x;
  const variance = engine.region("variance", bytesOf("f32", groups));
  nn.of(engine).channelMoments(x.pointer, saved.pointer, variance, segments, width, groups, span, eps);
  return [...engine.heap.views.f32.subarray(variance / 4, variance / 4 + groups)];
}

/** y = (x - mean) rstd weight + bias, by the statistics in `saved`. */
export function channelNorm(
  x: View,
  weight: View | null,
  bias: View | null,
  y: View,
  saved: View,
  { segments, width, channels, groups, span }: Segments,
): void {
  const { engine } = x;
  const [ones, zeros] = workspace(engine, channels / 2, channels / 2) as [number, number];
  const w = orConstant(weight, 1, channels, ones, engine);
  const b = orConstant(bias, 0, channels, zeros, engine);
  const { pointer } = saved;
  nn.of(engine).channelNorm(x.pointer, w, b, y.pointer, pointer, segments, width, channels, groups, span);
}

/** Gradients through `channelNorm`; with `frozen` the statistics are constants, not functions of x. */
export function channelNormBackward(
  x: View,
  weight: View | null,
  saved: View,
  dy: View,
  gradients: NormGradients,
  { segments, width, channels, groups, span }: Segments,
  frozen = false,
): void {
  const { dx, dWeight, dBias } = checkGradients(gradients);
  const { engine } = x;
  checkView("dy", dy, engine, "f32", x.shape);
  checkOptional("weight", weight, engine, [channels]);
  checkView("saved", saved, engine, "f32", [3, groups]);
  checkOptional("dx", dx, engine, x.shape);
  checkOptional("dWeight", dWeight, engine, [channels]);
  checkOptional("dBias", dBias, engine, [channels]);
  checkDistinct({ dx, dWeight, dBias }, { weight, saved });
  const half = channels / 2;
  const [means, ones, spare] = workspace(engine, groups, half, half) as [number, number, number];
  const w = orConstant(weight, 1, channels, ones, engine);
  const { unchecked } = engine;
  nn.of(engine).channelNormSums(
    ...([x.pointer, w, dy.pointer, saved.pointer, dWeight?.pointer ?? spare, dBias?.pointer ?? spare] as const),
    ...([means, segments, width, channels, groups, span] as const),
  );
  if (!dx) return;
  if (frozen) unchecked.fill(means, 2 * groups, 0);
  nn.of(engine).channelNormBackward(
    ...([x.pointer, w, dy.pointer, saved.pointer, means, dx.pointer] as const),
    ...([segments, width, channels, groups, span] as const),
  );
}

/** The running statistics by the names of their arguments. */
export function tensorsOf(running: RunningStatistics | null): Tensors {
  return running ? { "running.mean": running.mean, "running.variance": running.variance } : {};
}

export function checkRunning(running: RunningStatistics | null, engine: Engine, channels: number): void {
  if (running === null) return;
  if (typeof running !== "object") refuse("running", running, "{ mean, variance, batches }, or null");
  checkInteger("running.batches", running.batches, "[0, inf)");
  checkView("running.mean", running.mean, engine, "f32", [channels]);
  checkView("running.variance", running.variance, engine, "f32", [channels]);
}

/**
 * running = (1 - m) running + m batch for mean and unbiased variance, where batch is the mean over the groups of a
 * channel, group j being of channel j mod channels; m is the momentum or, for null, 1 / batches.
 */
export function updateRunning(
  running: RunningStatistics,
  saved: View,
  variances: readonly number[],
  count: number,
  momentum: number | null,
): void {
  running.batches++;
  const weight = momentum ?? 1 / running.batches;
  const [mean, variance, statistics] = [running.mean.data, running.variance.data, saved.data];
  const groups = variances.length;
  const channels = mean.length;
  for (let c = 0; c < channels; c++) {
    let [means, spread] = [0, 0];
    for (let j = c; j < groups; j += channels) {
      means += statistics[j]! + statistics[groups + j]!;
      spread += variances[j]!;
    }
    const share = channels / groups;
    mean[c] = (1 - weight) * mean[c]! + weight * means * share;
    variance[c] = (1 - weight) * variance[c]! + weight * spread * share * (count / (count - 1));
  }
}

/** Statistics as `channelMoments` saves them, from the running ones. */
export function saveRunning({ mean, variance }: RunningStatistics, saved: View, eps: number): void {
  const { data } = saved;
  const channels = mean.size;
  data.set(mean.data);
  data.fill(0, channels, 2 * channels);
  for (let c = 0; c < channels; c++) data[2 * channels + c] = 1 / Math.sqrt(variance.data[c]! + eps);
}
