import { checkNumber, refuse } from "./check.ts";
import { forEachRun, type Selection, selected } from "./parameters.ts";

/**
 * Clips the gradients to a total norm of at most `maxNorm`, and returns the norm they had: 1-norm, 2-norm or, with
 * `norm: Infinity`, the largest magnitude, over all elements together.
 *
 * One pass reads the gradients; nothing is written. The next step multiplies them by maxNorm / (norm + 1e-6), at most
 * 1, torch's coefficient, as it reads them. Clipping again before that step replaces the coefficient; `zeroGrad`
 * forgets it. A norm that is not finite makes the coefficient 0 or NaN, as in torch: see the `nonFinite` option of the
 * optimizers.
 *
 * R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks" (ICML 2013).
 */
export function clipGradNorm(params: Selection, maxNorm: number, { norm = 2 }: { norm?: 1 | 2 | number } = {}): number {
  const parameters = selected("params", params);
  checkNumber("maxNorm", maxNorm, "[0, inf]");
  const gradNorm = normOf(parameters, norm);
  const coefficient = Math.min(maxNorm / (gradNorm + 1e-6), 1);
  for (const parameter of parameters) parameter.clipping = { gradNorm, coefficient };
  return gradNorm;
}

function normOf(parameters: ReturnType<typeof selected>, norm: number): number {
  if (norm !== 1 && norm !== 2 && norm !== Infinity) refuse("norm", norm, "1, 2 or Infinity");
  if (parameters.length === 0) return 0;
  const { unchecked } = parameters[0]!.collection.engine;
  let total = 0;
  forEachRun(parameters, ({ g, n }) => {
    if (norm === Infinity) total = Math.max(total, unchecked.maxAbs(g, n));
    else total += norm === 1 ? unchecked.sumAbs(g, n) : unchecked.sumSquares(g, n);
  });
  return norm === 2 ? Math.sqrt(total) : total;
}

/** Limits every element of the gradients to [-limit, limit], in place. NaN stays NaN. */
export function clipGradValue(params: Selection, limit: number): void {
  const parameters = selected("params", params);
  checkNumber("limit", limit, "[0, inf]");
  forEachRun(parameters, ({ g, n }) => parameters[0]!.collection.engine.unchecked.clamp(g, g, n, -limit, limit));
}
