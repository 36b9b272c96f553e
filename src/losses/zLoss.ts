import { checkKeys, checkNumber } from "../core/check.ts";
import { nn } from "../kernels/nn.ts";
import { advanced } from "../memory/elementType.ts";
import { checkView, type View } from "../tensor/tensor.ts";
import { evaluate, type LossOptions, matrixOf, REDUCTION_OPTIONS } from "./reduction.ts";

/** Options of `zLoss`. */
export interface ZLossOptions extends LossOptions {
  /** 1e-4 unless it is given. */
  beta?: number;
}

/**
 * beta (log sum_c e^(z_c))^2 for each row of logits z [rows, classes]: keeps the normaliser of a softmax near 1. Add it
 * to a cross-entropy with `accumulate`.
 *
 * A. Chowdhery et al., "PaLM" (2022), section 5; B. Zoph et al., "ST-MoE" (2022), equation 5.
 */
export function zLoss(logits: View, options: ZLossOptions = {}): number {
  checkKeys("options", options, [...REDUCTION_OPTIONS, "gradient", "beta"]);
  const { beta = 1e-4, gradient } = options;
  checkNumber("beta", beta, "[0, inf)");
  const { engine, rows, columns } = matrixOf("logits", logits);
  if (gradient !== undefined) checkView("gradient", gradient, engine, "f32", logits.shape);
  return evaluate(options, {
    engine,
    shape: [rows],
    width: columns,
    inputs: { logits },
    gradients: { gradient },
    run: ({ start, length, losses, gradients: [dz], scale }) => {
      const z = advanced(logits.pointer, columns * start);
      nn.of(engine).zLoss(z, losses, dz!, length, columns, beta, beta * scale);
    },
  });
}
