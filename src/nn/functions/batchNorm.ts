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

function segmentsOf(x: View): Segments {
  const [batch, channels, width] = channelsOf(x, 2);
  return { segments: batch * channels, width, channels, groups: channels, span: 1 };
}

/**
 * y = (x - mean) / sqrt(variance + eps) weight + bias for each channel of x [batch, channels] or [batch, channels,
 * ...], over batch and positions. Weight and bias [channels] may be null; y may be x where no backward follows.
 *
 * Training normalises by the biased variance of the batch, which needs more than one value a channel, and moves the
 * running statistics: running = (1 - momentum) running + momentum batch, with the unbiased variance. Evaluation, or
 * `training: false`, normalises by the running ones; without any (`running` null), by those of the batch. `saved`
 * [3, channels], 12 bytes a channel, takes what the backward pass needs: the mean in two parts, and 1 / deviation.
 *
 * S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
 * shift" (ICML 2015), Algorithms 1 and 2; conventions of torch.nn.BatchNorm1d and 2d.
 */
export function batchNorm(
  x: View,
  weight: View | null,
  bias: View | null,
  running: RunningStatistics | null,
  y: View,
  saved: View,
  options: RunningOptions = {},
): void {
  const { training, momentum, eps } = runningOptions("batchNorm", options);
  const engine = engineOf("y", y);
  checkView("x", x, engine, "f32", y.shape);
  const segments = segmentsOf(x);
  const { channels } = segments;
  checkOptional("weight", weight, engine, [channels]);
  checkOptional("bias", bias, engine, [channels]);
  checkView("saved", saved, engine, "f32", [3, channels]);
  checkRunning(running, engine, channels);
  checkDistinct({ y, saved, ...tensorsOf(running) }, { weight, bias });
  const count = x.size / channels;
  if (training && count === 1) refuse("x", x.shape, "more than one value for each channel when training");
  if (running && !training) {
    saveRunning(running, saved, eps);
  } else {
    const variances = channelMoments(x, saved, segments, eps);
    if (running) updateRunning(running, saved, variances, count, momentum);
  }
  channelNorm(x, weight, bias, y, saved, segments);
}

/**
 * With n = (x - mean) / deviation and g = dy weight: dWeight += sum dy n, dBias += sum dy and, in training,
 * dx = (g - mean(g) - n mean(g n)) / deviation, means over the channel. With `training: false`, which is for a forward
 * pass that used running statistics, these are constants: dx = g / deviation.
 */
export function batchNormBackward(
  x: View,
  weight: View | null,
  saved: View,
  dy: View,
  gradients: NormGradients,
  options: { training?: boolean } = {},
): void {
  checkKeys("batchNormBackward", options, ["training"]);
  const { training = true } = options;
  checkBoolean("training", training);
  checkView("x", x, engineOf("dy", dy), "f32");
  channelNormBackward(x, weight, saved, dy, gradients, segmentsOf(x), !training);
}
