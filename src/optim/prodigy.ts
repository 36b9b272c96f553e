import { refuse } from "../core/check.ts";
import { powi, saturated } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { flag, nullable, real, reals, whole } from "./define/option.ts";

/** Bytes of the sums of a pass. */
const SUMS = 24;

/**
 * Prodigy over Adam as in the authors' code: it learns the step size d, an estimate of the distance to the solution,
 * from how far the gradients have moved the parameters from where they began, x0. With dlr = d lr, and sums over all
 * parameters of all groups together:
 *
 *     m = beta1 m + (1 - beta1) d g
 *     v = beta2 v + (1 - beta2) d^2 g^2
 *     r = beta3 r + (d / d0) dlr <g, x0 - p>
 *     s = beta3 s + (d / d0) dlr g
 *     d' = max(d, dCoef r / |s|_1)                      at most growthRate d, once d has left d0
 *     p = p - dlr m / (sqrt(v) + d' eps)
 *     d = d'
 *
 * K. Mishchenko and A. Defazio, "Prodigy: an expeditiously adaptive parameter-free learner" (ICML 2024), its Adam
 * version. lr is a factor without a unit, to be left at 1 or scheduled; d has the unit of p. As in the code:
 *
 * - the step is taken with the old d, and with d' g in the place of m where beta1 is 0;
 * - beta3 is sqrt(beta2), unless it is given;
 * - decay is decoupled: dlr weightDecay p is taken off along with the step, as p was before it, which rounds p once;
 *   `decouple: false` adds weightDecay p to g instead;
 * - `useBiasCorrection` multiplies dlr by Adam's correction, in r and s too; `safeguardWarmup` has d in s for dlr;
 * - `sliceP` keeps x0 and s for every so many elements only, and takes the sums over those;
 * - groups share d, so their lr must agree; betas, beta3, dCoef, growthRate and the like are those of the first. A
 *   group with lr 0 stays put, where the code would still decay it;
 * - a step with lr 0 in all groups, or before there is a gradient other than 0, changes nothing and is not in k, which
 *   corrects the bias. It is in the count of steps, as a scheduler of torch would count it: schedules go on.
 *
 * Two passes over memory: the first brings m, v, s and the sums up to date, the second takes the step.
 */
export const Prodigy = /* @__PURE__ */ defineOptimizer({
  name: "Prodigy",
  rule: "d = max(d, r / ‖s‖₁), r = β₃ r + d² ⟨g, x₀ − p⟩, s = β₃ s + d² g;  p −= d lr m / (√v + d ε)",
  cites: "Mishchenko & Defazio 2024",
  options: {
    /** A factor of the step that has been learned, without a unit; to be left at 1 or scheduled. */
    lr: real(1, "[0, inf)", 4),
    /** Decay rates of the averages of d g and of d^2 g^2. */
    betas: reals([0.9, 0.999], "[0, 1)", [0.8, 0.95]),
    /** The decay rate of r and s; null for sqrt(betas[1]). */
    beta3: nullable(real(0, "[0, 1)", 0.9)),
    /** What is added to the root of v, in units of d. */
    eps: real(1e-8, "[0, inf)", 1e-2),
    /** Every step shrinks p by d lr weightDecay of it. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** Whether decay shrinks p itself, as in AdamW, and leaves the gradient alone. */
    decouple: flag(true),
    /** Whether the step is multiplied by Adam's bias correction. */
    useBiasCorrection: flag(false),
    /** Whether s grows by d where it would by d lr, for long warm-ups. */
    safeguardWarmup: flag(false),
    /** What d starts from, in units of p. */
    d0: real(1e-6, "(0, inf)", 1e-3),
    /** What estimates of d are multiplied by. */
    dCoef: real(1, "(0, inf)", 20),
    /** The most that d may grow by in a step, as a factor. */
    growthRate: real(Infinity, "[1, inf]", 1.02),
    /** Takes sums over every so many elements only, for less memory. */
    sliceP: whole(1, "[1, 1048576]", 3),
  },
  state: {
    exp_avg: {},
    exp_avg_sq: {},
    s: { size: (shape, { sliceP }) => sliced(shape, sliceP) },
    p0: { size: (shape, { sliceP }) => sliced(shape, sliceP) },
  },
  /** As the authors name them; d is 0 before the first step, which starts from d0. */
  numbers: { k: 0, d: 0, d_max: 0, d_hat: 0, d_numerator: 0, d_denom: 0, dlr: 0, step: 0 },
  sharesNumbers: true,
  per: "parameter",
  prepare({ kernels, region, readF64 }, groups) {
    const { options: first, numbers: shared } = groups[0]!;
    const [beta1, beta2] = first.betas;
    const beta3 = first.beta3 ?? Math.sqrt(beta2);
    const lr = groups.reduce((most, { options }) => Math.max(most, options.lr), 0);
    for (const { options } of groups) {
      if (options.lr !== lr && options.lr !== 0) refuse("lr", options.lr, `${lr} as in the other groups, or 0`);
    }
    const k = shared.k + 1;
    const d = shared.d || first.d0;
    const correction = first.useBiasCorrection ? Math.sqrt(1 - powi(beta2, k)) / (1 - powi(beta1, k)) : 1;
    const dlr = d * lr * correction;
    const gain1 = d * (1 - beta1);
    const gain2 = d * Math.sqrt(1 - beta2);
    let numerator = beta3 * shared.d_numerator;
    let denominator = 0;
    const sums = region("sums", SUMS);
    for (const { options, forEachSpan } of groups) {
      const { d0, safeguardWarmup, sliceP: every } = options;
      const l2 = options.decouple ? 0 : options.weightDecay;
      const gain3 = (d / d0) * (safeguardWarmup ? d : dlr);
      forEachSpan(({ p, g, n, t, scale, state: { exp_avg: m, exp_avg_sq: v, s, p0 } }) => {
        if (t === 1) kernels.pick(p, p0, Math.ceil(n / every), every);
        if (options.lr === 0) return;
        const rates = [scale, l2, beta1, gain1, beta2, gain2, beta3, gain3] as const;
        kernels.prodigyGather(p, m, v, p0, s, g, sums, n, every, ...rates);
        numerator += (d / d0) * dlr * readF64(sums);
        denominator += readF64(sums + 8);
      });
    }
    if (denominator === 0) {
      for (const { numbers } of groups) Object.assign(numbers, { dlr: 0, step: 0 });
      return;
    }
    const estimate = (first.dCoef * numerator) / denominator;
    const start = d === first.d0 ? raised(d, estimate) : d;
    const most = raised(Math.max(shared.d_max, d), estimate);
    const next = Math.min(most, start * first.growthRate);
    const step = beta1 === 0 ? (dlr * next) / d : dlr;
    const found = { k, d: next, d_max: most, d_hat: estimate, d_numerator: numerator, d_denom: denominator, dlr, step };
    for (const { numbers } of groups) Object.assign(numbers, found);
  },
  update({ kernels }, { p, n, state }, { lr, eps, weightDecay, decouple }, { d, dlr, step }) {
    if (lr === 0 || step === 0) return;
    const shrink = decouple ? dlr * weightDecay : 0;
    kernels.prodigyStep(p, state.exp_avg, state.exp_avg_sq, n, shrink, step, d * eps);
  },
});
export type Prodigy = InstanceType<typeof Prodigy>;

/** The larger; as in the code, an estimate that is not a number changes nothing. */
function raised(d: number, estimate: number): number {
  return Number.isNaN(estimate) ? d : Math.max(d, estimate);
}

/** How many elements every `sliceP`th of an array is. */
function sliced(shape: readonly number[], sliceP: number): number {
  return Math.ceil(shape.reduce((size, extent) => size * extent, 1) / sliceP);
}

/** The square root of d^2 G^2 + S, for `bound` = d G. */
function rootOf(bound: number, squares: number): number {
  return Math.sqrt(bound * bound + squares);
}

/** What both textbook forms take: where d starts, and a bound of the gradient norm. */
const textbook = {
  /** What d starts from, in units of p. */
  d0: real(1e-6, "(0, inf)", 1e-3),
  /** A bound G of the gradient norm; 0 where none is known. */
  gradientBound: real(0, "[0, inf)", 1),
};

/**
 * Prodigy over gradient descent, as the paper has it. With norms and products over all parameters of all groups:
 *
 *     d   = max(d, r / |x - x0|)
 *     S   = S + d^2 |g|^2
 *     eta = d^2 / sqrt(d^2 G^2 + S)
 *     r   = r + eta <g, x0 - x>
 *     x   = x - eta g
 *
 * K. Mishchenko and A. Defazio, "Prodigy: an expeditiously adaptive parameter-free learner" (ICML 2024), Algorithm 1,
 * with weights of 1. d starts from d0, is a lower bound of |x* - x0| for convex functions, and has the unit of p; G is
 * `gradientBound`, which may be 0. The paper finds the next d at the end of a step, which comes to the same. Its
 * guarantee is for the average of the iterates by eta; the parameters are the last one. Options are those of the first
 * group. eta is 0 until there is a gradient other than 0.
 *
 * Two passes over memory: the sums, the step.
 */
export const ProdigyGD = /* @__PURE__ */ defineOptimizer({
  name: "ProdigyGD",
  rule: "d = max(d, Σ η ⟨g, x₀ − x⟩ / ‖x − x₀‖);  η = d² / √(d² G² + Σ d² ‖g‖²);  x −= η g",
  cites: "Mishchenko & Defazio 2024",
  options: textbook,
  state: { p0: {} },
  numbers: { d: 0, d_hat: 0, d_numerator: 0, squares: 0, eta: 0 },
  sharesNumbers: true,
  per: "parameter",
  prepare({ kernels, region, readF64 }, groups) {
    const { options, numbers: shared } = groups[0]!;
    let along = 0;
    let slope = 0;
    let distance = 0;
    const sums = region("sums", SUMS);
    for (const { forEachSpan } of groups) {
      forEachSpan(({ p, g, n, t, scale, state: { p0 } }) => {
        if (t === 1) kernels.copy(p, p0, n);
        kernels.prodigyMeasure(p, p0, g, sums, n);
        along += scale * readF64(sums);
        slope += scale * scale * readF64(sums + 8);
        distance += readF64(sums + 16);
      });
    }
    const d_hat = distance === 0 ? 0 : shared.d_numerator / Math.sqrt(distance);
    const d = raised(shared.d || options.d0, d_hat);
    const squares = shared.squares + d * d * slope;
    const root = rootOf(d * options.gradientBound, squares);
    const eta = root === 0 ? 0 : (d * d) / root;
    const d_numerator = shared.d_numerator + eta * along;
    for (const { numbers } of groups) Object.assign(numbers, { d, d_hat, d_numerator, squares, eta });
  },
  update({ kernels }, { p, g, n, scale }, _options, { eta }) {
    kernels.axpy(g, p, n, saturated(-eta * scale));
  },
});
export type ProdigyGD = InstanceType<typeof ProdigyGD>;

/**
 * Prodigy over dual averaging, as the paper has it. With norms and products over all parameters of all groups:
 *
 *     s     = s + d^2 g
 *     r     = r + d^2 <g, x0 - x>
 *     S     = S + d^2 |g|^2
 *     d     = max(d, r / |s|)
 *     gamma = 1 / sqrt(d^2 G^2 + S)
 *     x     = x0 - gamma s
 *
 * K. Mishchenko and A. Defazio, "Prodigy: an expeditiously adaptive parameter-free learner" (ICML 2024), Algorithm 2,
 * with weights of 1. As for `ProdigyGD`: d starts from d0 and has the unit of p, G is `gradientBound`, options are those
 * of the first group, and the guarantee is for the average of the iterates by d^2; gamma is 0 until there is a gradient
 * other than 0. The state s is kept in units of d0^2, the group's number `unit`, as its weights d^2 are out of float32's
 * reach together with small gradients.
 *
 * Two passes over memory: s and the sums, the step.
 */
export const ProdigyDA = /* @__PURE__ */ defineOptimizer({
  name: "ProdigyDA",
  rule: "s += d² g;  d = max(d, Σ d² ⟨g, x₀ − x⟩ / ‖s‖);  x = x₀ − s / √(d² G² + Σ d² ‖g‖²)",
  cites: "Mishchenko & Defazio 2024",
  options: textbook,
  state: { s: {}, p0: {} },
  numbers: { unit: 0, d: 0, d_hat: 0, d_numerator: 0, squares: 0, gamma: 0 },
  sharesNumbers: true,
  per: "parameter",
  prepare({ kernels, region, readF64 }, groups) {
    const { options, numbers: shared } = groups[0]!;
    const before = shared.d || options.d0;
    const weight = before * before;
    const unit = shared.unit || weight;
    let along = 0;
    let slope = 0;
    let gathered = 0;
    const sums = region("sums", SUMS);
    for (const { forEachSpan } of groups) {
      forEachSpan(({ p, g, n, t, scale, state: { s, p0 } }) => {
        if (t === 1) kernels.copy(p, p0, n);
        kernels.prodigyAccumulate(p, p0, s, g, sums, n, (weight / unit) * scale);
        along += scale * readF64(sums);
        slope += scale * scale * readF64(sums + 8);
        gathered += readF64(sums + 16);
      });
    }
    const d_numerator = shared.d_numerator + weight * along;
    const squares = shared.squares + weight * slope;
    const d_hat = gathered === 0 ? 0 : d_numerator / (unit * Math.sqrt(gathered));
    const d = raised(before, d_hat);
    const root = rootOf(d * options.gradientBound, squares);
    const gamma = root === 0 ? 0 : 1 / root;
    for (const { numbers } of groups) Object.assign(numbers, { unit, d, d_hat, d_numerator, squares, gamma });
  },
  update({ kernels }, { p, n, state: { s, p0 } }, _options, { unit, gamma }) {
    kernels.prodigyAverage(p, p0, s, n, saturated(unit * gamma));
  },
});
export type ProdigyDA = InstanceType<typeof ProdigyDA>;
