import { exp, log, powi } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { real, reals, whole } from "./define/option.ts";

/** The decay rate whose logarithm has the reciprocal a share of the way from that of `from` to that of `to`. */
function betweenDecays(from: number, to: number, share: number): number {
  return exp(1 / ((1 - share) / log(from) + share / log(to)));
}

/**
 * AdEMAMix as in its authors' code:
 *
 *     fast = beta1 fast + (1 - beta1) g
 *     slow = beta3_t slow + (1 - beta3_t) g
 *     v    = beta2 v + (1 - beta2) g^2
 *     p    = p - lr ((fast / (1 - beta1^t) + alpha_t slow) / (sqrt(v / (1 - beta2^t)) + eps) + weightDecay p)
 *
 * M. Pagliardini, P. Ablin and D. Grangier, "The AdEMAMix optimizer: better, faster, older" (2024), Algorithm 1. In the
 * first `alphaWarmup` updates alpha_t rises from 0 in a straight line; in the first `beta3Warmup`, beta3_t rises from
 * beta1 so that the half-life of the average does: 1 / ln beta3_t goes in a straight line, the paper's formula. The code
 * adds 1e-8 to each beta inside it, which we do not. A warm-up of 0 is none. lr is the size of a step in units of p.
 */
export const AdEMAMix = /* @__PURE__ */ defineOptimizer({
  name: "AdEMAMix",
  rule: "m₁, m₂ = averages of g over β₁, β₃;  p −= lr ((m̂₁ + α m₂) / (√v̂ + ε) + λ p)",
  cites: "Pagliardini et al. 2024",
  options: {
    /** The size of a step, in units of p. */
    lr: real(1e-3, "[0, inf)", 0.01),
    /** Decay rates of the fast average of g, of the average of g^2, and of the slow average of g. */
    betas: reals([0.9, 0.999, 0.9999], "[0, 1)", [0.8, 0.95, 0.99]),
    /** The weight of the slow average. */
    alpha: real(2, "[0, inf)", 5),
    /** Updates in which alpha rises from 0. */
    alphaWarmup: whole(0, "[0, inf)", 4),
    /** Updates in which the slow decay rate rises from betas[0]. */
    beta3Warmup: whole(0, "[0, inf)", 4),
    /** What is added to the root of v. */
    eps: real(1e-8, "[0, inf)", 1e-4),
    /** Every step shrinks p by lr weightDecay of it. */
    weightDecay: real(0, "[0, inf)", 0.1),
  },
  state: { exp_avg_fast: {}, exp_avg_slow: {}, exp_avg_sq: {} },
  update({ kernels }, { p, g, n, t, scale, state }, options) {
    const { exp_avg_fast: fast, exp_avg_slow: slow, exp_avg_sq: v } = state;
    const { lr, betas, alpha, alphaWarmup, beta3Warmup, eps, weightDecay } = options;
    const [beta1, beta2] = betas;
    const beta3 = t < beta3Warmup ? betweenDecays(beta1, betas[2], t / beta3Warmup) : betas[2];
    const gain1 = (1 - beta1) * scale;
    const gain2 = Math.sqrt(1 - beta2) * scale;
    const gain3 = (1 - beta3) * scale;
    const root2 = Math.sqrt(1 - powi(beta2, t));
    const step1 = (lr * root2) / (1 - powi(beta1, t));
    const step2 = lr * root2 * alpha * (t < alphaWarmup ? t / alphaWarmup : 1);
    const shrink = lr * weightDecay;
    const eps2 = eps * root2;
    kernels.ademamix(p, fast, slow, v, g, n, beta1, gain1, beta2, gain2, beta3, gain3, step1, step2, eps2, shrink);
  },
});
export type AdEMAMix = InstanceType<typeof AdEMAMix>;
