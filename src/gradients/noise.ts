import { checkInteger, checkKeys, checkNumber } from "../core/check.ts";
import { pow } from "../core/real.ts";
import { type Selection, selected } from "../tensor/parameters.ts";
import { addNormal } from "../tensor/random.ts";

/** Options of `addGradientNoise`. */
export interface GradientNoiseOptions {
  /** A whole number from 0, the same throughout a run. */
  seed: number;
  /** Steps taken so far: `optimizer.steps`. */
  step: number;
  /** The variance at step 0; the paper takes 0.01, 0.3 or 1. */
  eta?: number;
  /** How fast the variance falls. */
  gamma?: number;
}

/**
 * Adds normal noise to the gradients, in place, that fades as training goes on:
 *
 *     g = g + N(0, eta / (1 + step)^gamma)
 *
 * The noise is a function of the seed, the parameter's name, the step and the position in the parameter: it does not
 * depend on which other parameters there are, and a resumed run draws what an uninterrupted one would have. Frozen
 * parameters are left alone.
 *
 * A. Neelakantan et al., "Adding gradient noise improves learning for very deep networks" (2015), equation 1.
 */
export function addGradientNoise(params: Selection, options: GradientNoiseOptions): void {
  const parameters = selected("params", params);
  checkKeys("addGradientNoise", options, ["seed", "step", "eta", "gamma"]);
  const { seed, step, eta = 0.01, gamma = 0.55 } = options;
  checkInteger("seed", seed, `[0, ${Number.MAX_SAFE_INTEGER}]`);
  checkInteger("step", step, "[0, inf)");
  checkNumber("eta", eta, "[0, inf)");
  checkNumber("gamma", gamma, "[0, inf)");
  const deviation = Math.sqrt(eta / pow(1 + step, gamma));
  for (const { gradient, name, frozen } of parameters) {
    if (!frozen) addNormal(gradient, { deviation, seed, name: `gradient noise ${step} ${name}` });
  }
}
