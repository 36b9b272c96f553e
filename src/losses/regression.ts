import type { Nn } from "#wasm/kernels.js";
import { checkKeys, checkNumber } from "../core/check.ts";
import { nn } from "../kernels/nn.ts";
import { engineOf, type View } from "../tensor/tensor.ts";
import { evaluateElements, type LossOptions, REDUCTION_OPTIONS } from "./reduction.ts";

const OPTIONS = [...REDUCTION_OPTIONS, "gradient"];

type Pointers = readonly [predictions: number, targets: number, losses: number, gradient: number, length: number];

/** A loss of the differences between predictions and targets of any one shape. */
function ofDifferences(
  predictions: View,
  targets: View,
  options: LossOptions,
  kernel: (kernels: Nn, pointers: Pointers, scale: number) => void,
): number {
  const kernels = nn.of(engineOf("predictions", predictions));
  return evaluateElements(options, {
    inputs: { predictions, targets },
    gradients: { gradient: options.gradient },
    run: ({ losses, gradients: [gradient], length, scale }, [x, t]) =>
      kernel(kernels, [x!, t!, losses, gradient!, length], scale),
  });
}

/** The squared error (x - t)^2, torch's `mse_loss`; its gradient is 2 (x - t). */
export function mse(predictions: View, targets: View, options: LossOptions = {}): number {
  checkKeys("options", options, OPTIONS);
  return ofDifferences(predictions, targets, options, (kernels, at, scale) => kernels.mse(...at, scale));
}

/** The absolute error |x - t|, torch's `l1_loss`; its gradient is sign(x - t), 0 at a tie. */
export function l1(predictions: View, targets: View, options: LossOptions = {}): number {
  checkKeys("options", options, OPTIONS);
  return ofDifferences(predictions, targets, options, (kernels, at, scale) => kernels.l1(...at, scale));
}

/** Options of `huber`. */
export interface HuberOptions extends LossOptions {
  /** Where the square ends and the line begins; above 0, 1 unless it is given. */
  delta?: number;
}

/**
 * (x - t)^2 / 2 up to |x - t| = delta and delta (|x - t| - delta / 2) beyond, torch's `huber_loss`.
 *
 * P. J. Huber, "Robust estimation of a location parameter" (Annals of Mathematical Statistics, 1964).
 */
export function huber(predictions: View, targets: View, options: HuberOptions = {}): number {
  checkKeys("options", options, [...OPTIONS, "delta"]);
  const { delta = 1 } = options;
  checkNumber("delta", delta, "(0, inf)");
  return ofDifferences(predictions, targets, options, (kernels, at, scale) =>
    kernels.huber(...at, delta, 0.5, delta, scale),
  );
}

/** Options of `smoothL1`. */
export interface SmoothL1Options extends LossOptions {
  /** Where the square ends and the line begins; 1 unless it is given. 0 makes it `l1`. */
  beta?: number;
}

/**
 * (x - t)^2 / (2 beta) up to |x - t| = beta and |x - t| - beta / 2 beyond, torch's `smooth_l1_loss`: `huber` with that
 * delta, divided by it.
 *
 * R. Girshick, "Fast R-CNN" (ICCV 2015), equation 3.
 */
export function smoothL1(predictions: View, targets: View, options: SmoothL1Options = {}): number {
  checkKeys("options", options, [...OPTIONS, "beta"]);
  const { beta = 1, ...rest } = options;
  checkNumber("beta", beta, "[0, inf)");
  // Below 1.5e-39, 0.5 / beta is infinite in float32, and 0 times it NaN.
  if (Math.fround(0.5 / beta) === Infinity) return l1(predictions, targets, rest);
  return ofDifferences(predictions, targets, options, (kernels, at, scale) =>
    kernels.huber(...at, beta, 0.5 / beta, 1, scale),
  );
}
