import { powi, saturated } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real, reals } from "./define/option.ts";

/**
 * LAMB:
 *
 *     m = beta1 m + (1 - beta1) g
 *     v = beta2 v + (1 - beta2) g^2
 *     u = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps) + weightDecay p
 *     p = p - lr (||p|| / ||u||) u
 *
 * Y. You et al., "Large batch optimization for deep learning: training BERT in 76 minutes" (ICLR 2020), Algorithm 2 with
 * phi(z) = z. The norms are those of one parameter, in float64; their ratio, the trust ratio, is 1 where either is 0, as
 * in the authors' code, and with `trustClip` at most 1. Without `biasCorrection` both corrections are 1, as in that
 * code. A step moves a parameter by lr times its norm. Two passes over memory: one for the moments and the norms, one
 * for p.
 */
export const LAMB = /* @__PURE__ */ defineOptimizer({
  name: "LAMB",
  rule: "u = m̂ / (√v̂ + ε) + λ p;  p −= lr (‖p‖ / ‖u‖) u",
  cites: "You et al. 2020",
  per: "parameter",
  options: {
    /** The size of a step, relative to the norm of the parameter. */
    lr: real(1e-3, "[0, inf)", 0.01),
    /** Decay rates of the averages of g and of g^2. */
    betas: reals([0.9, 0.999], "[0, 1)", [0.8, 0.95]),
    /** What is added to the root of v. */
    eps: real(1e-6, "[0, inf)", 0.01),
    /** The factor of p in the update u. */
    weightDecay: real(0.01, "[0, inf)", 0.2),
    /** Whether the trust ratio is at most 1. */
    trustClip: flag(false),
    /** Whether m and v are corrected for their start from 0. */
    biasCorrection: flag(true),
  },
  state: { exp_avg: {}, exp_avg_sq: {} },
  update({ kernels, region, readF64 }, { p, g, n, t, scale, state }, options) {
    const { exp_avg: m, exp_avg_sq: v } = state;
    const { lr, betas, weightDecay: l2, trustClip, biasCorrection } = options;
    const [beta1, beta2] = betas;
    const gain1 = (1 - beta1) * scale;
    const gain2 = Math.sqrt(1 - beta2) * scale;
    const root2 = biasCorrection ? Math.sqrt(1 - powi(beta2, t)) : 1;
    const step = biasCorrection ? root2 / (1 - powi(beta1, t)) : 1;
    const eps = options.eps * root2;
    const sums = region("sums", 16);
    kernels.lambMoments(p, m, v, g, sums, n, beta1, gain1, beta2, gain2, step, eps, l2);
    const [ofP, ofU] = [Math.sqrt(readF64(sums)), Math.sqrt(readF64(sums + 8))];
    const trust = ofP === 0 || ofU === 0 ? 1 : ofP / ofU;
    kernels.lambStep(p, m, v, n, step, eps, l2, saturated(lr * (trustClip ? Math.min(trust, 1) : trust)));
  },
});
export type LAMB = InstanceType<typeof LAMB>;
