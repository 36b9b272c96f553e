import { checkBoolean, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { pow } from "../core/real.ts";
import { CHUNK } from "../kernels/row.ts";
import { type Shares, setClipping, sharesOf } from "../tensor/gradientScale.ts";
import { type Parameter, type Selection, selected } from "../tensor/parameters.ts";
import { firstNonFinite } from "./nonFinite.ts";

/** Which norm of the gradients, and what becomes of one that is not finite. */
export interface GradNormOptions {
  /** The p of the norm: any number, Infinity and -Infinity included; 2 unless it is given. See `gradNorm`. */
  norm?: number;
  /** Refuses a norm that is NaN or infinite, before anything is clipped; false unless it is given. */
  errorIfNonFinite?: boolean;
}

/**
 * Clips the gradients to a total norm of at most `maxNorm`, and returns the norm they had, that of `gradNorm`.
 *
 * One pass reads the gradients; nothing is written. The next step multiplies them by maxNorm / (norm + 1e-6), at most
 * 1, torch's coefficient, as it reads them. Clipping again before that step replaces the coefficient; `zeroGrad`
 * forgets it. A norm that is not finite makes the coefficient 0 or NaN, as in torch, unless `errorIfNonFinite` refuses
 * it: see also the `nonFinite` option of the optimizers.
 *
 * R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks" (ICML 2013).
 */
export function clipGradNorm(params: Selection, maxNorm: number, options: GradNormOptions = {}): number {
  const parameters = selected("params", params);
  checkNumber("maxNorm", maxNorm, "[0, inf]");
  const shares = sharesOf(parameters);
  const norm = normOf("params", parameters, options);
  clip(parameters, shares, maxNorm, norm);
  return norm;
}

/**
 * Clips the gradients of each group by themselves, as `clipGradNorm` does, and returns the norms they had:
 * `clipGroupNorms(optimizer.groups, 1)`, or with a list, a limit for each group; Infinity leaves a group as it is. The
 * report of the next step tells of each group under `clips`.
 */
export function clipGroupNorms(
  groups: readonly { readonly params: Selection }[],
  maxNorm: number | readonly number[],
  options: GradNormOptions = {},
): number[] {
  if (!Array.isArray(groups) || groups.some((group) => group === null || typeof group !== "object"))
    refuse("groups", groups, "groups such as those of an optimizer");
  const limits = typeof maxNorm === "number" ? groups.map(() => maxNorm) : maxNorm;
  if (!Array.isArray(limits) || limits.length !== groups.length) {
    refuse("maxNorm", maxNorm, `a number, or a list of ${groups.length}, one for each group`);
  }
  for (const [i, limit] of limits.entries()) checkNumber(`maxNorm[${i}]`, limit, "[0, inf]");
  const parameters = groups.map(({ params }, i) => selected(`groups[${i}].params`, params));
  selected("groups", parameters.flat());
  const shares = parameters.map(sharesOf);
  const norms = parameters.map((ofGroup, i) => normOf(`groups[${i}].params`, ofGroup, options));
  for (const [i, ofGroup] of parameters.entries()) clip(ofGroup, shares[i]!, limits[i]!, norms[i]!);
  return norms;
}

/**
 * The norm of the gradients: the p-norm (sum |g|^p)^(1/p) over all elements together, for p = `norm`. As in torch,
 * Infinity gives the largest magnitude and -Infinity the smallest, and a p below 0 gives 0 where any element is 0. 0
 * counts the parameters whose gradient is not all 0: torch's norm is the norm of the norms of the parameters, which for
 * any other p is the same as that of all elements.
 *
 * Kernels give it for p of 1, 2 and Infinity, in less than a nanosecond an element. Other powers are taken in JavaScript:
 * some 30 ns an element for a small whole p, 300 for one that is not whole. None overflows, since elements are divided by
 * the largest magnitude first, or by the smallest for p below 0.
 */
export function gradNorm(params: Selection, options: GradNormOptions = {}): number {
  return normOf("params", selected("params", params), options);
}

/**
 * `shares` are taken before the norm: its pass over the gradients pushes the parameters out of the caches, and to look at
 * 1000 of them then took 50 us.
 */
function clip(parameters: readonly Parameter[], shares: Shares, maxNorm: number, gradNorm: number): void {
  setClipping(parameters, { gradNorm, coefficient: Math.min(maxNorm / (gradNorm + 1e-6), 1) }, shares);
}

function normOf(argument: string, parameters: readonly Parameter[], options: GradNormOptions): number {
  checkKeys("options", options, ["norm", "errorIfNonFinite"]);
  const { norm = 2, errorIfNonFinite = false } = options;
  checkNumber("norm", norm, "[-inf, inf]");
  checkBoolean("errorIfNonFinite", errorIfNonFinite);
  const total = totalNorm(parameters, norm);
  if (errorIfNonFinite && !Number.isFinite(total)) {
    const got = firstNonFinite(parameters, "gradient")?.text ?? `a norm of ${total}`;
    refuse(argument, got, "gradients of a finite norm, since errorIfNonFinite is true");
  }
  return total;
}

/** The norm of the norms of the parameters: it depends on no neighbour, so neither does a bit of the result. */
function totalNorm(parameters: readonly Parameter[], p: number): number {
  if (parameters.length === 0) return 0;
  if (p !== 1 && p !== 2)
    return normOfNorms(
      parameters.map((parameter) => normOfOne(parameter, p)),
      p,
    );
  let total = 0;
  for (const { collection, gradient, size } of parameters) {
    const { sumAbs, sumSquares } = collection.engine.unchecked;
    total += (p === 1 ? sumAbs : sumSquares)(gradient.pointer, size);
  }
  return p === 2 ? Math.sqrt(total) : total;
}

/**
 * Of one parameter. Powers are taken in plain JavaScript, whose float64 is the same on every backend, and where a kernel
 * would take one element at a time as well; sums go chunk after chunk, as all do here.
 */
function normOfOne({ collection, gradient, grad, size }: Parameter, p: number): number {
  const extreme = p > 0 ? collection.engine.unchecked.maxAbs(gradient.pointer, size) : extremeOf(grad, p);
  return rootOf(p, extreme, (unit) => {
    let total = 0;
    for (let start = 0; start < grad.length; start += CHUNK) {
      total += grad.subarray(start, start + CHUNK).reduce((sum, g) => sum + power(Math.abs(g) / unit, p), 0);
    }
    return total;
  });
}

/** The largest magnitude or, for p below 0, the smallest; NaN if any is. */
function extremeOf(values: Iterable<number>, p: number): number {
  let extreme = p < 0 ? Infinity : 0;
  for (const value of values) extreme = (p < 0 ? Math.min : Math.max)(extreme, Math.abs(value));
  return extreme;
}

/** x^p, but 0 where x is 0, whatever p is: then p = 0 counts what is not 0. */
function power(x: number, p: number): number {
  return x === 0 ? 0 : pow(x, p);
}

function normOfNorms(norms: readonly number[], p: number): number {
  return rootOf(p, extremeOf(norms, p), (unit) => norms.reduce((sum, norm) => sum + power(norm / unit, p), 0));
}

/** The p-norm of magnitudes, from the largest, or for p below 0 the smallest, and the sum of their powers by a unit. */
function rootOf(p: number, extreme: number, sumPowers: (unit: number) => number): number {
  if (p === 0) return sumPowers(1);
  // Powers of what is 0, infinite or NaN say no more than it does.
  if (Math.abs(p) === Infinity || !(extreme > 0 && extreme < Infinity)) return extreme;
  return extreme * pow(sumPowers(extreme), 1 / p);
}

/** Limits every element of the gradients to [-limit, limit], in place. NaN stays NaN. */
export function clipGradValue(params: Selection, limit: number): void {
  const parameters = selected("params", params);
  checkNumber("limit", limit, "[0, inf]");
  for (const { collection, gradient, size } of parameters) {
    collection.engine.unchecked.clamp(gradient.pointer, gradient.pointer, size, -limit, limit);
  }
}
