import { checkNumber, refuse } from "./check.ts";
import { type Parameter, type Selection, selected } from "./parameters.ts";

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
  const clipping = { gradNorm, coefficient: Math.min(maxNorm / (gradNorm + 1e-6), 1) };
  for (const parameter of parameters) parameter.clipping = clipping;
  return gradNorm;
}

/**
 * Clips the gradients of each group by themselves, as `clipGradNorm` does, and returns the norms they had:
 * `clipGroupNorms(optimizer.groups, 1)`, or with a list, a limit for each group; Infinity leaves a group as it is. The
 * report of the next step tells of each group under `clips`.
 */
export function clipGroupNorms(
  groups: readonly { readonly params: Selection }[],
  maxNorm: number | readonly number[],
  { norm = 2 }: { norm?: 1 | 2 | number } = {},
): number[] {
  if (!Array.isArray(groups) || groups.some((group) => group === null || typeof group !== "object"))
    refuse("groups", groups, "groups such as those of an optimizer");
  const limits = typeof maxNorm === "number" ? groups.map(() => maxNorm) : maxNorm;
  if (!Array.isArray(limits) || limits.length !== groups.length) {
    refuse("maxNorm", maxNorm, `a number, or a list of ${groups.length}, one for each group`);
  }
  for (const [i, limit] of limits.entries()) checkNumber(`maxNorm[${i}]`, limit, "[0, inf]");
  checkNorm(norm);
  selected(
    "groups",
    groups.flatMap(({ params }, i) => selected(`groups[${i}].params`, params)),
  );
  return groups.map(({ params }, i) => clipGradNorm(params, limits[i]!, { norm }));
}

/** The norm of the gradients, over all elements together, in one pass: what `clipGradNorm` returns, without clipping. */
export function gradNorm(params: Selection, { norm = 2 }: { norm?: 1 | 2 | number } = {}): number {
  return normOf(selected("params", params), norm);
}

function checkNorm(norm: number): void {
  if (norm !== 1 && norm !== 2 && norm !== Infinity) refuse("norm", norm, "1, 2 or Infinity");
}

/** The norm of the norms of the parameters: it depends on no neighbour, so neither does a bit of the result. */
function normOf(parameters: readonly Parameter[], norm: number): number {
  checkNorm(norm);
  let total = 0;
  for (const { collection, gradient, size } of parameters) {
    const { maxAbs, sumAbs, sumSquares } = collection.engine.unchecked;
    if (norm === Infinity) total = Math.max(total, maxAbs(gradient.pointer, size));
    else total += norm === 1 ? sumAbs(gradient.pointer, size) : sumSquares(gradient.pointer, size);
  }
  return norm === 2 ? Math.sqrt(total) : total;
}

/** Limits every element of the gradients to [-limit, limit], in place. NaN stays NaN. */
export function clipGradValue(params: Selection, limit: number): void {
  const parameters = selected("params", params);
  checkNumber("limit", limit, "[0, inf]");
  for (const { collection, gradient, size } of parameters) {
    collection.engine.unchecked.clamp(gradient.pointer, gradient.pointer, size, -limit, limit);
  }
}
