import { checkInteger, checkKeys, refuse } from "../../core/check.ts";
import { checkView, engineOf, type View } from "../../tensor/tensor.ts";
import {
  channelMoments,
  channelNorm,
  channelNormBackward,
  channelsOf,
  checkEps,
  checkOptional,
  type NormGradients,
  rowNorm,
  rowNormBackward,
  type Segments,
} from "../normalization.ts";

function segmentsOf(x: View, numGroups: number): Segments {
  const [batch, channels, width] = channelsOf(x, 2);
  checkInteger("numGroups", numGroups, "[1, inf)");
  if (channels % numGroups !== 0) refuse("numGroups", numGroups, `a divisor of the ${channels} channels`);
  const span = channels / numGroups;
  return { segments: batch * channels, width, channels, groups: batch * numGroups, span };
}

/**
 * y = (x - mean) / sqrt(variance + eps) weight + bias over each of `numGroups` groups of neighbouring channels of each
 * sample of x [batch, channels, ...]. Weight and bias [channels] may be null; y may be x where no backward follows.
 * `saved` [3, batch numGroups], 12 bytes a group, takes what the backward pass needs: the mean in two parts, and
 * 1 / deviation. `eps` is 1e-5 unless it is given.
 *
 * Y. Wu and K. He, "Group normalization" (ECCV 2018), equations 1, 6 and 7.
 */
export function groupNorm(
  x: View,
  numGroups: number,
  weight: View | null,
  bias: View | null,
  y: View,
  saved: View,
  options: { eps?: number } = {},
): void {
  checkKeys("groupNorm", options, ["eps"]);
  const { eps = 1e-5 } = options;
  const engine = engineOf("y", y);
  checkEps(eps);
  checkView("x", x, engine, "f32", y.shape);
  const segments = segmentsOf(x, numGroups);
  const { channels, groups, span, width } = segments;
  checkOptional("weight", weight, engine, [channels]);
  checkOptional("bias", bias, engine, [channels]);
  checkView("saved", saved, engine, "f32", [3, groups]);
  if (width === 1) {
    rowNorm(x, weight, bias, y, saved, { rows: groups, columns: span, period: numGroups }, eps);
  } else {
    channelMoments(x, saved, segments, eps);
    channelNorm(x, weight, bias, y, saved, segments);
  }
}

/**
 * With n = (x - mean) / deviation and g = dy weight: dx = (g - mean(g) - n mean(g n)) / deviation, means over the
 * group, dWeight += sum dy n and dBias += sum dy over samples and positions.
 */
export function groupNormBackward(
  x: View,
  numGroups: number,
  weight: View | null,
  saved: View,
  dy: View,
  gradients: NormGradients,
): void {
  checkView("x", x, engineOf("dy", dy), "f32");
  const segments = segmentsOf(x, numGroups);
  const { channels, groups, span, width } = segments;
  if (width > 1) {
    channelNormBackward(x, weight, saved, dy, gradients, segments);
  } else {
    const rows = { rows: groups, columns: span, period: numGroups };
    rowNormBackward(x, weight, saved, dy, gradients, rows, [channels]);
  }
}
