import { powi } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { real, reals } from "./define/option.ts";

/**
 * Adamax as in torch.optim.Adamax:
 *
 *     g' = g + weightDecay p
 *     m  = beta1 m + (1 - beta1) g'
 *     u  = max(beta2 u, |g'| + eps)
 *     p  = p - lr / (1 - beta1^t) m / u
 *
 * D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (ICLR 2015), Algorithm 2, which has no eps. lr
 * bounds the size of a step, in units of p.
 */
export const Adamax = /* @__PURE__ */ defineOptimizer({
  name: "Adamax",
  rule: "m = β₁ m + (1 − β₁) g;  u = max(β₂ u, |g| + ε);  p −= lr m̂ / u",
  cites: "Kingma & Ba 2015",
  options: {
    /** The most that a step may be, in units of p. */
    lr: real(2e-3, "[0, inf)", 0.01),
    /** Decay rates of the average of g and of the maximum u. */
    betas: reals([0.9, 0.999], "[0, 1)", [0.8, 0.9]),
    /** What is added to |g'|. */
    eps: real(1e-8, "[0, inf)", 1e-4),
    /** The factor of p that is added to the gradient. */
    weightDecay: real(0, "[0, inf)", 0.1),
  },
  state: { exp_avg: {}, exp_inf: {} },
  update({ kernels }, { p, g, n, t, scale, state: { exp_avg: m, exp_inf: u } }, options) {
    const {
      lr,
      betas: [beta1, beta2],
      eps,
      weightDecay,
    } = options;
    const step = lr / (1 - powi(beta1, t));
    kernels.adamax(p, m, u, g, n, scale, weightDecay, beta1, 1 - beta1, beta2, step, eps);
  },
});
export type Adamax = InstanceType<typeof Adamax>;
