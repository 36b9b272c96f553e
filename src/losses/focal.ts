import { checkKeys, checkNumber } from "../core/check.ts";
import { nn } from "../kernels/nn.ts";
import { advanced } from "../memory/elementType.ts";
import { checkElements, checkIndices } from "../nn/elements.ts";
import { checkView, engineOf, type View } from "../tensor/tensor.ts";
import { evaluate, evaluateElements, type LossOptions, matrixOf, REDUCTION_OPTIONS } from "./reduction.ts";

const OPTIONS = [...REDUCTION_OPTIONS, "gradient", "gamma", "alpha"];

/** Options of `sigmoidFocal`. */
export interface SigmoidFocalOptions extends LossOptions {
  /** How much the losses of easy examples are reduced; 2 unless it is given. */
  gamma?: number;
  /** The weight of positive targets, negative ones having 1 - alpha; 0.25 unless it is given. -1 weights neither. */
  alpha?: number;
}

/**
 * With s = logistic(z): -alpha t (1 - s)^gamma log s - (1 - alpha) (1 - t) s^gamma log(1 - s), for logits z of any
 * shape and size and targets t of 0 or 1: torchvision's `sigmoid_focal_loss`. Between 0 and 1 it is the mixture of the
 * two, where torchvision raises the mixture of the probabilities to gamma. The mean divides by the number of elements.
 * Targets outside [0, 1] are refused.
 *
 * T.-Y. Lin et al., "Focal loss for dense object detection" (ICCV 2017), equation 5; their mean divides by the number
 * of positive anchors, for which take reduction "sum" and `upstream`.
 */
export function sigmoidFocal(logits: View, targets: View, options: SigmoidFocalOptions = {}): number {
  checkKeys("options", options, OPTIONS);
  const { gamma = 2, alpha = 0.25, gradient } = options;
  checkNumber("gamma", gamma, "[0, inf)");
  if (alpha !== -1) checkNumber("alpha", alpha, "[0, 1]");
  const engine = engineOf("logits", logits);
  checkView("targets", targets, engine, "f32", logits.shape);
  checkElements("targets", targets, "[0, 1]");
  const [positive, negative] = alpha === -1 ? [1, 1] : [alpha, 1 - alpha];
  return evaluateElements(options, {
    inputs: { logits, targets },
    gradients: { gradient },
    run: ({ losses, gradients: [dz], length, scale }, [z, t]) =>
      nn.of(engine).sigmoidFocal(z!, t!, losses, dz!, length, gamma, positive, negative, scale),
  });
}

/** Options of `softmaxFocal`. */
export interface SoftmaxFocalOptions extends LossOptions {
  /** How much the losses of easy examples are reduced; 2 unless it is given. */
  gamma?: number;
  /** A weight for each class, [classes]. */
  alpha?: View;
}

/**
 * -alpha_y (1 - p)^gamma log p with p = softmax(z)_y for each row of logits z [rows, classes] and class y: the focal
 * loss over many classes. The mean divides by the number of rows, whatever their weights.
 */
export function softmaxFocal(logits: View, targets: View<"u32">, options: SoftmaxFocalOptions = {}): number {
  checkKeys("options", options, OPTIONS);
  const { gamma = 2, alpha, gradient } = options;
  checkNumber("gamma", gamma, "[0, inf)");
  const { engine, rows, columns } = matrixOf("logits", logits);
  checkView("targets", targets, engine, "u32", [rows]);
  if (alpha !== undefined) checkView("alpha", alpha, engine, "f32", [columns]);
  if (gradient !== undefined) checkView("gradient", gradient, engine, "f32", logits.shape);
  checkIndices("targets", targets, columns);
  return evaluate(options, {
    engine,
    shape: [rows],
    width: columns,
    inputs: { logits, targets, alpha },
    gradients: { gradient },
    workspace: alpha ? 0 : columns,
    prepare: (work) => {
      if (!alpha) engine.unchecked.fill(work, columns, 1);
    },
    run: ({ start, length, losses, gradients: [dz], scale, work }) => {
      const [z, y, weights] = [
        advanced(logits.pointer, columns * start),
        advanced(targets.pointer, start),
        alpha?.pointer ?? work,
      ];
      nn.of(engine).softmaxFocal(z, y, weights, losses, dz!, length, columns, gamma, scale);
    },
  });
}
