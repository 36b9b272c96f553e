import { checkBoolean, checkKeys, checkNumber } from "../core/check.ts";
import { log } from "../core/real.ts";
import { nn } from "../kernels/nn.ts";
import { engineOf, type View } from "../tensor/tensor.ts";
import { evaluateElements, type LossOptions, REDUCTION_OPTIONS } from "./reduction.ts";

interface LikelihoodOptions extends LossOptions {
  /** Adds the constant term, so that losses are those of the normalised density; false unless it is given. */
  full?: boolean;
  /** The least variance or scale there is: smaller ones count as this; 1e-6 unless it is given. */
  eps?: number;
}

/** Options of `gaussianNll`. */
export interface GaussianNllOptions extends LikelihoodOptions {
  /** Where to write the gradient by the variance; may be the variance. */
  gradientVariance?: View;
}

/** Options of `laplaceNll`. */
export interface LaplaceNllOptions extends LikelihoodOptions {
  /** Where to write the gradient by the scale; may be the scale. */
  gradientScale?: View;
}

const OPTIONS = [...REDUCTION_OPTIONS, "gradient", "full", "eps"];

/**
 * (log v + (x - t)^2 / v) / 2, torch's `gaussian_nll_loss`: the likelihood behind the squared error, with the variance
 * v beside each prediction x, in a tensor of the same shape; `full` adds log(2 pi) / 2. Its gradients are (x - t) / v and (1 - (x - t)^2 / v) / (2 v).
 *
 * As in torch, v is at least eps, and its gradient is taken there. Unlike there, a negative variance is no error.
 *
 * D. A. Nix and A. S. Weigend, "Estimating the mean and variance of the target probability distribution" (1994).
 */
export function gaussianNll(
  predictions: View,
  targets: View,
  variance: View,
  options: GaussianNllOptions = {},
): number {
  checkKeys("options", options, [...OPTIONS, "gradientVariance"]);
  const { gradient, gradientVariance } = options;
  const constant = 0.5 * log(2 * Math.PI);
  const inputs = { predictions, targets, variance };
  return likelihood(options, inputs, { gradient, gradientVariance }, "gaussianNll", constant);
}

/**
 * log b + |x - t| / b: the likelihood behind the absolute error, with the scale b beside each prediction x; `full` adds
 * log 2. Its gradients are sign(x - t) / b and (1 - |x - t| / b) / b. A scale below eps counts as eps.
 */
export function laplaceNll(predictions: View, targets: View, scale: View, options: LaplaceNllOptions = {}): number {
  checkKeys("options", options, [...OPTIONS, "gradientScale"]);
  const { gradient, gradientScale } = options;
  return likelihood(options, { predictions, targets, scale }, { gradient, gradientScale }, "laplaceNll", log(2));
}

function likelihood(
  options: LikelihoodOptions,
  inputs: Readonly<Record<string, View>>,
  gradients: Readonly<Record<string, View | undefined>>,
  kernel: "gaussianNll" | "laplaceNll",
  constant: number,
): number {
  const { full = false, eps = 1e-6 } = options;
  checkBoolean("full", full);
  checkNumber("eps", eps, "(0, inf)");
  const kernels = nn.of(engineOf("predictions", inputs["predictions"]));
  return evaluateElements(options, {
    inputs,
    gradients,
    run: ({ losses, gradients: [dx, dv], length, scale }, [x, t, v]) =>
      kernels[kernel](x!, t!, v!, losses, dx!, dv!, length, eps, full ? constant : 0, scale),
  });
}
