import { checkBoolean, checkKeys, refuse } from "../../core/check.ts";
import { checkDistinct, checkView, engineOf, type View } from "../../tensor/tensor.ts";
import {
  channelMoments,
  channelNorm,
  channelNormBackward,
  channelsOf,
  checkOptional,
  checkRunning,
  type NormGradients,
  type RunningOptions,
  type RunningStatistics,
  runningOptions,
  type Segments,
  saveRunning,
  tensorsOf,
  updateRunning,
} from "../normalization.ts";

/** Each channel of each sample is a group or, by running statistics, each channel. */
function segmentsOf(x: View, byRunning: boolean): Segments {
  const [batch, channels, width] = channelsOf(x, 3);
  const segments = batch * channels;
  return { segments, width, channels, groups: byRunning ? channels : segments, span: 1 };
}

/**
 * y = (x - mean) / sqrt(variance + eps) weight + bias for each channel of each sample of x [batch, channels, ...], over
 * positions, of which there must be more than one. Weight and bias [channels] may be null; y may be x where no backward
 * follows. `saved` [3, batch channels], 12 bytes each, takes what the backward pass needs.
 *
 * With running statistics, training moves them by the means over the batch of mean and unbiased variance, and
 * `training: false` normalises by them, with `saved` [3, channels]. Without (`running` null), training or not is the
 * same.
 *
 * D. Ulyanov, A. Vedaldi and V. Lempitsky, "Instance normalization: the missing ingredient for fast stylization"
 * (2016); conventions of torch.nn.InstanceNorm1d and 2d.
 */
export function instanceNorm(
  x: View,
  weight: View | null,
  bias: View | null,
  running: RunningStatistics | null,
  y: View,
  saved: View,
  options: RunningOptions = {},
): void {
  const { training, momentum, eps } = runningOptions("instanceNorm", options);
  const engine = engineOf("y", y);
  checkView("x", x, engine, "f32", y.shape);
  const byRunning = running !== null && !training;
  const segments = segmentsOf(x, byRunning);
  const { channels, groups, width } = segments;
  checkOptional("weight", weight, engine, [channels]);
  checkOptional("bias", bias, engine, [channels]);
  checkView("saved", saved, engine, "f32", [3, groups]);
  checkRunning(running, engine, channels);
  checkDistinct({ y, saved, ...tensorsOf(running) }, { weight, bias });
  if (!byRunning && width === 1) refuse("x", x.shape, "more than one position");
  if (byRunning) {
    saveRunning(running, saved, eps);
  } else {
    const variances = channelMoments(x, saved, segments, eps);
    if (running) updateRunning(running, saved, variances, width, momentum);
  }
  channelNorm(x, weight, bias, y, saved, segments);
}

/** As `batchNormBackward`, with means over the positions of each sample. */
export function instanceNormBackward(
  x: View,
  weight: View | null,
  saved: View,
  dy: View,
  gradients: NormGradients,
  options: { training?: boolean } = {},
): void {
  checkKeys("instanceNormBackward", options, ["training"]);
  const { training = true } = options;
  checkBoolean("training", training);
  checkView("x", x, engineOf("dy", dy), "f32");
  channelNormBackward(x, weight, saved, dy, gradients, segmentsOf(x, !training), !training);
}
