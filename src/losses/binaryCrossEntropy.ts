import { checkKeys, checkNumber } from "../core/check.ts";
import { nn } from "../kernels/nn.ts";
import { CHUNK } from "../kernels/row.ts";
import { checkElements } from "../nn/elements.ts";
import { checkView, engineOf, type View } from "../tensor/tensor.ts";
import { evaluateElements, type LossOptions, REDUCTION_OPTIONS } from "./reduction.ts";

export interface BinaryCrossEntropyOptions extends LossOptions {
  /** The weight of positive targets, at least 0: one for all, or one for each column of the last axis; 1 by default. */
  posWeight?: number | View;
  /**
   * What each loss is multiplied by: a tensor of the shape of the logits. A loss of weight 0 is left out with all it
   * holds, NaN included. The mean still divides by the number of all logits.
   */
  weight?: View;
}

/**
 * -w (p t log s(z) + (1 - t) log(1 - s(z))) for logits z of any shape and size, targets t in [0, 1], s the logistic
 * function: torch's `binary_cross_entropy_with_logits`. Its gradient is w ((1 - t) s(z) - p t s(-z)).
 *
 * Both are sums of two terms that never cancel, so small losses and gradients keep their digits. A term of weight 0
 * does not count, be its logit infinite; torch makes NaN of it. Targets outside [0, 1], such as labels of -1 and 1, are
 * refused.
 */
export function binaryCrossEntropyWithLogits(
  logits: View,
  targets: View,
  options: BinaryCrossEntropyOptions = {},
): number {
  checkKeys("options", options, [...REDUCTION_OPTIONS, "gradient", "posWeight", "weight"]);
  const { posWeight = 1, weight, gradient } = options;
  const engine = engineOf("logits", logits);
  if (typeof posWeight === "number") checkNumber("posWeight", posWeight, "[0, inf)");
  else {
    checkView("posWeight", posWeight, engine, "f32", logits.shape.slice(-1));
    checkElements("posWeight", posWeight, "[0, inf)");
  }
  checkView("targets", targets, engine, "f32", logits.shape);
  checkElements("targets", targets, "[0, 1]");
  const { unchecked } = engine;
  return evaluateElements(options, {
    inputs: { logits, targets, ...(weight && { weight }) },
    gradients: { gradient },
    workspace: CHUNK,
    prepare: (work) => {
      if (typeof posWeight === "number") unchecked.fill(work, CHUNK, posWeight);
    },
    run: ({ start, length, losses, gradients: [dz], scale, work }, [z, t, w]) => {
      if (typeof posWeight !== "number") nn.of(engine).tile(posWeight.pointer, work, length, posWeight.size, start);
      nn.of(engine).binaryCrossEntropy(z!, t!, work, losses, dz!, length, scale);
      if (w === undefined) return;
      nn.of(engine).weightElements(w, losses, length);
      nn.of(engine).weightElements(w, dz!, length);
    },
  });
}
