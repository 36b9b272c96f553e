import { checkKeys, checkNumber } from "../core/check.ts";
import { type Selection, selected } from "../tensor/parameters.ts";

/** Options of `clipGradAdaptive`. */
export interface AdaptiveClipOptions {
  /** The largest ratio of the norm of a unit's gradient to that of its values. */
  clipping?: number;
  /** What the norm of the values counts as at least, so that units that start at 0 can move. */
  eps?: number;
}

/**
 * Adaptive gradient clipping (AGC), in place. For each unit i, one row of a parameter:
 *
 *     g_i = clipping max(|p_i|, eps) / |g_i| g_i        where |g_i| >= clipping max(|p_i|, eps)
 *
 * Returns how many units were clipped. Rows are along the first axis: the outputs of a linear layer or convolution. As
 * in the authors' code, a parameter with a single axis longer than 1, such as a bias or the scale of a normalisation,
 * is one unit, and |g_i| counts as at least 1e-6 in the division. The authors leave out the last layer: select the
 * others, `params.where(({ role }) => role !== "head")`. Frozen parameters are left alone; a unit with a NaN keeps it.
 *
 * Every unit has a factor of its own, so unlike `clipGradNorm` this writes to the gradients, at once: clip before
 * whatever else looks at their norm.
 *
 * A. Brock, S. De, S. L. Smith and K. Simonyan, "High-performance large-scale image recognition without normalization"
 * (ICML 2021), equation 3.
 */
export function clipGradAdaptive(params: Selection, options: AdaptiveClipOptions = {}): number {
  const parameters = selected("params", params);
  checkKeys("clipGradAdaptive", options, ["clipping", "eps"]);
  const { clipping = 0.01, eps = 1e-3 } = options;
  checkNumber("clipping", clipping, "[0, inf)");
  checkNumber("eps", eps, "[0, inf)");
  let clipped = 0;
  for (const { collection, value, gradient, shape, size, frozen } of parameters) {
    if (frozen) continue;
    const rows = unitsOf(shape);
    const { adaptiveClip } = collection.engine.unchecked;
    clipped += adaptiveClip(value.pointer, gradient.pointer, rows, size / rows, clipping, eps);
  }
  return clipped;
}

/** How many units have a norm of their own. */
function unitsOf(shape: readonly number[]): number {
  return shape.filter((extent) => extent > 1).length < 2 ? 1 : shape[0]!;
}
