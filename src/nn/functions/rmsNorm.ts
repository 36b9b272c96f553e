import { checkKeys } from "../../core/check.ts";
import { nn } from "../../kernels/nn.ts";
import { bytesOf } from "../../memory/elementType.ts";
import { checkView, engineOf, type View } from "../../tensor/tensor.ts";
import {
  checkEps,
  checkOptional,
  type NormGradients,
  normalizedRows,
  orConstant,
  workspace,
} from "../normalization.ts";

/** The distance from 1 to the next float32, which torch's RMSNorm takes for eps when it is given none. */
const FLOAT32_EPS = 2 ** -23;

/** Options of `rmsNorm`. */
export interface RmsNormOptions {
  /** The trailing axes to normalise over; unless it is given, those of the weight, or else the last axis. */
  normalizedShape?: readonly number[];
  /** Added to the mean square, inside the root; 2^-23 = 1.19e-7 unless it is given (Llama has 1e-5 or 1e-6). */
  eps?: number;
}

/**
 * y = x / sqrt(mean(x^2) + eps) weight over the trailing axes of x. The weight, of the shape of these axes, may be
 * null; y may be x where no backward follows. `saved` [rows], 4 bytes a row, takes 1 / sqrt(mean(x^2) + eps) for the
 * backward pass.
 *
 * B. Zhang and R. Sennrich, "Root mean square layer normalization" (NeurIPS 2019), equation 4, with the eps of
 * torch.nn.RMSNorm.
 */
export function rmsNorm(x: View, weight: View | null, y: View, saved: View, options: RmsNormOptions = {}): void {
  checkKeys("rmsNorm", options, ["normalizedShape", "eps"]);
  const { normalizedShape = weight?.shape, eps = FLOAT32_EPS } = options;
  const engine = engineOf("y", y);
  checkEps(eps);
  checkView("x", x, engine, "f32", y.shape);
  const { shape, rows, columns } = normalizedRows(x, normalizedShape);
  checkOptional("weight", weight, engine, shape);
  checkView("saved", saved, engine, "f32", [rows]);
  const w = orConstant(weight, 1, columns, engine.region("weights", bytesOf("f32", columns)), engine);
  nn.of(engine).rmsNorm(x.pointer, w, y.pointer, saved.pointer, rows, columns, eps);
}

/** With n = x / rms and g = dy weight: dx = (g - n mean(g n)) / rms, means over each row, and dWeight += sum dy n. */
export function rmsNormBackward(
  x: View,
  weight: View | null,
  saved: View,
  dy: View,
  gradients: Omit<NormGradients, "dBias">,
  options: { normalizedShape?: readonly number[] } = {},
): void {
  checkKeys("rmsNormBackward", options, ["normalizedShape"]);
  checkKeys("gradients", gradients, ["dx", "dWeight"]);
  const { dx, dWeight } = gradients;
  const engine = engineOf("dy", dy);
  checkView("x", x, engine, "f32", dy.shape);
  const { shape, rows, columns } = normalizedRows(x, options.normalizedShape ?? weight?.shape);
  checkOptional("weight", weight, engine, shape);
  checkView("saved", saved, engine, "f32", [rows]);
  checkOptional("dx", dx, engine, x.shape);
  checkOptional("dWeight", dWeight, engine, shape);
  const half = columns / 2;
  const parts = workspace(engine, half, half, dx ? 0 : x.size / 2);
  const [ones, spare, unread] = parts as [number, number, number];
  nn.of(engine).rmsNormBackward(
    ...([x.pointer, orConstant(weight, 1, columns, ones, engine), dy.pointer, saved.pointer] as const),
    ...([dx?.pointer ?? unread, dWeight?.pointer ?? spare, rows, columns] as const),
  );
}
