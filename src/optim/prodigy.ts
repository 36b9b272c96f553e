import { refuse } from "../check.ts";
import { defineOptimizer } from "../optimizer.ts";
import { flag, nullable, real, reals, whole } from "../option.ts";
import { powi } from "../real.ts";

/** Bytes of the sums of a pass and of the chunks it is taken in, in the workspace. */
const SUMS = 64;
const WORK = 2 * 4 * 1024;

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
 * - decay is decoupled: p is first multiplied by 1 - dlr weightDecay; `decouple: false` adds weightDecay p to g instead;
 * - `useBiasCorrection` multiplies dlr by Adam's correction, in r and s too; `safeguardWarmup` has d in s for dlr;
 * - `sliceP` keeps x0 and s for every so many elements only, and takes the sums over those;
 * - groups share d, so their lr must agree; betas, beta3, dCoef, growthRate and the like are those of the first. A
 *   group with lr 0 stays put, where the code would still decay it;
 * - nothing happens, and no step is counted, until there is a gradient other than 0.
 *
 * Two passes over memory: the first brings m, v, s and the sums up to date, the second takes the step.
 */
export const Prodigy = /* @__PURE__ */ defineOptimizer({
  name: "Prodigy",
  rule: "d = max(d, r / ‖s‖₁), r = β₃ r + d² ⟨g, x₀ − p⟩, s = β₃ s + d² g;  p −= d lr m / (√v + d ε)",
  cites: "Mishchenko & Defazio 2024",
  options: {
    lr: real(1, "[0, inf)", 4),
    betas: reals([0.9, 0.999], "[0, 1)", [0.8, 0.95]),
    beta3: nullable(real(0, "[0, 1)", 0.9)),
    eps: real(1e-8, "[0, inf)", 1e-2),
    weightDecay: real(0, "[0, inf)", 0.1),
    decouple: flag(true),
    useBiasCorrection: flag(false),
    safeguardWarmup: flag(false),
    d0: real(1e-6, "(0, inf)", 1e-3),
    dCoef: real(1, "(0, inf)", 20),
    growthRate: real(Infinity, "[1, inf]", 1.02),
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
  per: "parameter",
  prepare({ kernels, scratch, readF64 }, groups) {
    const { options: first, numbers: shared } = groups[0]!;
    const [beta1, beta2] = first.betas;
    const beta3 = first.beta3 ?? Math.sqrt(beta2);
    const lr = groups.reduce((most, { options }) => Math.max(most, options.lr), 0);
    for (const { options } of groups) {
      if (options.lr !== lr && options.lr !== 0) refuse("lr", options.lr, `${lr} as in the other groups, or 0`);
    }
    if (lr === 0) return "lr is 0";
    if (shared.d_denom === 0) {
      let largest = 0;
      for (const { options, forEachSpan } of groups) {
        if (options.lr === 0) continue;
        forEachSpan(({ p, g, n }) => {
          largest = Math.max(largest, kernels.maxAbs(g, n), penaltyOf(options) === 0 ? 0 : kernels.maxAbs(p, n));
        });
      }
      if (largest === 0) return "every gradient so far is 0";
    }
    const k = shared.k + 1;
    const d = shared.d || first.d0;
    const correction = first.useBiasCorrection ? Math.sqrt(1 - powi(beta2, k)) / (1 - powi(beta1, k)) : 1;
    const dlr = d * lr * correction;
    const gain1 = d * (1 - beta1);
    const gain2 = d * Math.sqrt(1 - beta2);
    let numerator = beta3 * shared.d_numerator;
    let denominator = 0;
    const sums = scratch(SUMS + WORK);
    for (const { options, forEachSpan } of groups) {
      const { d0, safeguardWarmup, sliceP: every } = options;
      const l2 = penaltyOf(options);
      const gain3 = (d / d0) * (safeguardWarmup ? d : dlr);
      forEachSpan(({ p, g, n, t, scale, state: { exp_avg: m, exp_avg_sq: v, s, p0 } }) => {
        if (t === 1) kernels.pick(p, p0, Math.ceil(n / every), every);
        if (options.lr === 0) return;
        const rates = [scale, l2, beta1, gain1, beta2, gain2, beta3, gain3] as const;
        kernels.prodigyGather(p, m, v, p0, s, g, sums + SUMS, sums, n, every, ...rates);
        numerator += (d / d0) * dlr * readF64(sums);
        denominator += readF64(sums + 8);
      });
    }
    const estimate = denominator === 0 ? d : (first.dCoef * numerator) / denominator;
    // As in the code, one that is not a number changes nothing.
    const candidate = Number.isNaN(estimate) ? 0 : estimate;
    const start = d === first.d0 ? Math.max(d, candidate) : d;
    const most = Math.max(shared.d_max, d, candidate);
    const next = Math.min(most, start * first.growthRate);
    const step = beta1 === 0 ? (dlr * next) / d : dlr;
    const found = { k, d: next, d_max: most, d_hat: estimate, d_numerator: numerator, d_denom: denominator, dlr, step };
    for (const { numbers } of groups) Object.assign(numbers, found);
    return undefined;
  },
  update({ kernels }, { p, n, state }, { lr, eps, weightDecay, decouple }, { d, dlr, step }) {
    if (lr === 0) return;
    const decay = decouple ? 1 - dlr * weightDecay : 1;
    kernels.prodigyStep(p, state.exp_avg, state.exp_avg_sq, n, decay, step, d * eps);
  },
});
export type Prodigy = InstanceType<typeof Prodigy>;

/** The L2 penalty that is added to gradients. */
function penaltyOf({ decouple, weightDecay }: { decouple: boolean; weightDecay: number }): number {
  return decouple ? 0 : weightDecay;
}

/** How many elements every `sliceP`th of an array is. */
function sliced(shape: readonly number[], sliceP: number): number {
  return Math.ceil(shape.reduce((size, extent) => size * extent, 1) / sliceP);
}
