import { powi } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real, reals } from "./define/option.ts";

/**
 * Adan as in its authors' code:
 *
 *     m = beta1 m + (1 - beta1) g
 *     d = beta2 d + (1 - beta2) (g - g_before)
 *     v = beta3 v + (1 - beta3) (g + beta2 (g - g_before))^2
 *     p = (p - lr (m / (1 - beta1^t) + beta2 d / (1 - beta2^t)) / (sqrt(v / (1 - beta3^t)) + eps))
 *         / (1 + lr weightDecay)
 *
 * X. Xie et al., "Adan: adaptive Nesterov momentum algorithm for faster optimizing deep models" (2022), Algorithm 1.
 * As in the code, betas are what is kept, 1 - beta in the paper; the moments' bias is corrected; eps is added after the
 * root; and the first difference of gradients is 0. `noProx` decays first, p = (1 - lr weightDecay) p, as AdamW does.
 * Clip with `clipGradNorm` for the code's max_grad_norm. lr is the size of a step in units of p.
 */
export const Adan = /* @__PURE__ */ defineOptimizer({
  name: "Adan",
  rule: "m, d, v averages of g, g − g′, (g + β₂ (g − g′))²;  p = (p − lr (m̂ + β₂ d̂) / (√v̂ + ε)) / (1 + lr λ)",
  cites: "Xie et al. 2022",
  options: {
    /** The size of a step, in units of p. */
    lr: real(1e-3, "[0, inf)", 0.01),
    /** Decay rates of the averages of g, of its differences, and of squares: what is kept, 1 - beta in the paper. */
    betas: reals([0.98, 0.92, 0.99], "[0, 1)", [0.9, 0.8, 0.95]),
    /** What is added to the root of v. */
    eps: real(1e-8, "[0, inf)", 1e-4),
    /** The factor of the decay, which divides p by 1 + lr weightDecay. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** Whether decay comes first and multiplies p by 1 - lr weightDecay, as AdamW's does. */
    noProx: flag(false),
  },
  state: { exp_avg: {}, exp_avg_diff: {}, exp_avg_sq: {}, neg_pre_grad: {} },
  update({ kernels }, { p, g, n, t, scale, state }, { lr, betas, eps, weightDecay, noProx }) {
    const { exp_avg: m, exp_avg_diff: d, exp_avg_sq: v, neg_pre_grad: last } = state;
    const [beta1, beta2, beta3] = betas;
    const [gain1, gain2, gain3] = [1 - beta1, 1 - beta2, Math.sqrt(1 - beta3)];
    const root3 = Math.sqrt(1 - powi(beta3, t));
    // The proximal step shrinks the update along with p.
    const damping = noProx ? 1 : 1 + lr * weightDecay;
    const shrink = (lr * weightDecay) / damping;
    const step1 = (lr * root3) / damping / (1 - powi(beta1, t));
    const step2 = (lr * root3 * beta2) / damping / (1 - powi(beta2, t));
    if (t === 1) kernels.scale(g, last, n, -scale);
    const eps3 = eps * root3;
    kernels.adan(p, m, d, v, last, g, n, scale, beta1, gain1, beta2, gain2, beta3, gain3, step1, step2, eps3, shrink);
  },
});
export type Adan = InstanceType<typeof Adan>;
