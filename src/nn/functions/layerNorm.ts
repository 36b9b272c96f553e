import { checkKeys } from "../../core/check.ts";
import { checkView, engineOf, type View } from "../../tensor/tensor.ts";
import {
  checkEps,
  checkOptional,
  type NormGradients,
  normalizedRows,
  rowNorm,
  rowNormBackward,
} from "../normalization.ts";

/** Options of `layerNorm`. */
export interface LayerNormOptions {
  /** The trailing axes to normalise over; unless it is given, those of the weight, or else the last axis. */
  normalizedShape?: readonly number[];
  /** Added to the variance; 1e-5 unless it is given. */
  eps?: number;
}

/**
 * y = (x - mean) / sqrt(variance + eps) weight + bias over the trailing axes of x: mean and biased variance of each row
 * of them. Weight and bias, of the shape of these axes, may be null; y may be x where no backward follows. `saved`
 * [3, rows], 12 bytes a row, takes what the backward pass needs: the mean in two parts, and 1 / deviation. Sums run in
 * float64 about the mean, so values far from 0 lose nothing.
 *
 * J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer normalization" (2016), equation 4; conventions of torch.nn.LayerNorm.
 */
export function layerNorm(
  x: View,
  weight: View | null,
  bias: View | null,
  y: View,
  saved: View,
  options: LayerNormOptions = {},
): void {
  checkKeys("layerNorm", options, ["normalizedShape", "eps"]);
  const { normalizedShape = weight?.shape, eps = 1e-5 } = options;
  const engine = engineOf("y", y);
  checkEps(eps);
  checkView("x", x, engine, "f32", y.shape);
  const { shape, rows, columns } = normalizedRows(x, normalizedShape);
  checkOptional("weight", weight, engine, shape);
  checkOptional("bias", bias, engine, shape);
  checkView("saved", saved, engine, "f32", [3, rows]);
  rowNorm(x, weight, bias, y, saved, { rows, columns, period: 1 }, eps);
}

/**
 * With n = (x - mean) / deviation and g = dy weight: dx = (g - mean(g) - n mean(g n)) / deviation, means over each row,
 * dWeight += sum dy n and dBias += sum dy over rows.
 */
export function layerNormBackward(
  x: View,
  weight: View | null,
  saved: View,
  dy: View,
  gradients: NormGradients,
  options: { normalizedShape?: readonly number[] } = {},
): void {
  checkKeys("layerNormBackward", options, ["normalizedShape"]);
  checkView("x", x, engineOf("dy", dy), "f32");
  const { shape, rows, columns } = normalizedRows(x, options.normalizedShape ?? weight?.shape);
  rowNormBackward(x, weight, saved, dy, gradients, { rows, columns, period: 1 }, shape);
}
