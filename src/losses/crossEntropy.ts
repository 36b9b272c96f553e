import { checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { nn } from "../kernels/nn.ts";
import { advanced } from "../memory/elementType.ts";
import { checkElements } from "../nn/elements.ts";
import { checkView, IGNORED, View } from "../tensor/tensor.ts";
import { type Batch, evaluate, type LossOptions, matrixOf, REDUCTION_OPTIONS } from "./reduction.ts";

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends LossOptions {
  /** A weight for each class, [classes]. */
  weight?: View;
  /** The share of each target that is spread evenly over all classes; in [0, 1], 0 unless it is given. */
  labelSmoothing?: number;
  /** Rows with this target count for nothing; -100 unless it is given, which a u32 tensor holds as 2^32 - 100. */
  ignoreIndex?: number;
}

/**
 * -sum_c q_c log softmax(z)_c for each row of logits z [rows, classes] of any size (each row is shifted by its
 * largest), with its gradient softmax(z) sum q - q: torch's `cross_entropy`.
 *
 * Targets are classes, a u32 tensor [rows], or probabilities t, a f32 tensor of the shape of the logits. With class
 * weights w and smoothing e, q_c = w_c ((1 - e) t_c + e / classes), t being 0 and 1 for a class.
 *
 * A class with q_c = 0 does not count, be its logit -infinity: 0 log 0 is 0, where torch makes NaN of it. Rows of t need
 * not sum to 1, but what is below 0 or not finite is refused.
 *
 * The mean divides by the number of rows; with classes for targets, by the sum of the weights of the targets, ignored
 * rows left out. As in torch it is NaN where that sum is 0, such as where every row is ignored; the gradient of an
 * ignored row is 0 all the same.
 *
 * Label smoothing: C. Szegedy et al., "Rethinking the Inception architecture" (CVPR 2016), section 7.
 */
export function crossEntropy(logits: View, targets: View<"u32"> | View, options: CrossEntropyOptions = {}): number {
  const keys = [...REDUCTION_OPTIONS, "gradient", "weight", "labelSmoothing", "ignoreIndex"];
  checkKeys("options", options, keys);
  const { weight, labelSmoothing = 0, ignoreIndex = IGNORED, gradient } = options;
  const { engine, rows, columns: classes } = matrixOf("logits", logits);
  checkNumber("labelSmoothing", labelSmoothing, "[0, 1]");
  checkInteger("ignoreIndex", ignoreIndex, "[-2147483648, 4294967295]");
  if (weight !== undefined) checkView("weight", weight, engine, "f32", [classes]);
  if (gradient !== undefined) checkView("gradient", gradient, engine, "f32", logits.shape);
  const shares = [1 - labelSmoothing, labelSmoothing / classes] as const;
  const at = (view: View | View<"u32">, start: number) => advanced(view.pointer, start * (view.size / rows));
  const inputs = { logits, targets, weight };
  const batch = { engine, shape: [rows], width: classes, inputs, gradients: { gradient } };
  /** Class weights, ones where there are none. */
  const weighted: Pick<Batch, "workspace" | "prepare"> = {
    workspace: weight ? 0 : classes,
    prepare: (work) => {
      if (!weight) engine.unchecked.fill(work, classes, 1);
    },
  };
  const weights = (work: number) => weight?.pointer ?? work;

  if (targets instanceof View && targets.type === "f32") {
    checkView("targets", targets, engine, "f32", logits.shape);
    checkElements("targets", targets, "[0, inf)");
    return evaluate(options, {
      ...batch,
      ...weighted,
      run: ({ start, length, losses, gradients: [dz], scale, work }) =>
        nn
          .of(engine)
          .softmaxCrossEntropyDense(
            ...([at(logits, start), at(targets, start), weights(work), losses, dz!, length, classes] as const),
            ...[scale, ...shares],
          ),
    });
  }
  checkView("targets", targets, engine, "u32", [rows]);
  const labels = targets as View<"u32">;
  const { kept, total } = survey(labels, classes, ignoreIndex >>> 0, weight);
  if (!weight && labelSmoothing === 0 && kept === rows) {
    return evaluate(options, {
      ...batch,
      run: ({ start, length, losses, gradients: [dz], scale }) =>
        nn.of(engine).softmaxCrossEntropy(at(logits, start), at(labels, start), losses, dz!, length, classes, scale),
    });
  }
  return evaluate(options, {
    ...batch,
    ...weighted,
    divisor: total,
    run: ({ start, length, losses, gradients: [dz], scale, work }) =>
      nn
        .of(engine)
        .softmaxCrossEntropyWeighted(
          ...([at(logits, start), at(labels, start), weights(work), losses, dz!, length, classes] as const),
          ...[ignoreIndex, scale, ...shares],
        ),
  });
}

/** Refuses targets that are neither a class nor ignored; counts the rows that are kept, and sums their weights. */
function survey(targets: View<"u32">, classes: number, ignored: number, weight: View | undefined) {
  let kept = 0;
  let total = 0;
  for (const [row, target] of targets.data.entries()) {
    if (target === ignored) continue;
    if (target >= classes) refuse(`targets[${row}]`, target, `a number below ${classes}`);
    kept++;
    total += weight ? weight.data[target]! : 1;
  }
  return { kept, total };
}
