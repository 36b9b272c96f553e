import { powi } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real, reals } from "./define/option.ts";

/**
 * AdaBound as in its authors' code:
 *
 *     g' = g + weightDecay p
 *     m  = beta1 m + (1 - beta1) g'
 *     v  = beta2 v + (1 - beta2) g'^2
 *     p  = p - clip(lr (sqrt(1 - beta2^t) / (1 - beta1^t)) / (sqrt(v) + eps), low, high) m
 *
 *     low  = final (1 - 1 / (gamma t + 1)),  high = final (1 + 1 / (gamma t)),  final = finalLr lr / base_lr
 *
 * L. Luo et al., "Adaptive gradient methods with dynamic bounds of learning rate" (ICLR 2019), Algorithm 2. The step
 * goes from Adam's to that of SGD with momentum and the learning rate finalLr, which follows the schedule of lr: base_lr
 * is the first lr that was not 0. So it must not be the start of a warm-up, or finalLr is multiplied by all of it. Unlike
 * the paper, the code corrects the bias of the moments, and has eps, which is added to the uncorrected root. `amsbound`
 * puts the largest v so far in its place. lr is the size of a step in units of p, finalLr has the unit of p / g.
 */
export const AdaBound = /* @__PURE__ */ defineOptimizer({
  name: "AdaBound",
  rule: "Adam's m and v;  p −= clip(lr / (√v + ε), low(t), high(t)) m",
  cites: "Luo et al. 2019",
  options: {
    /** The size of a step, in units of p. */
    lr: real(1e-3, "[0, inf)", 0.01),
    /** Decay rates of the averages of g and of g^2. */
    betas: reals([0.9, 0.999], "[0, 1)", [0.8, 0.95]),
    /** The learning rate of SGD that the bounds close in on, in units of p / g. */
    finalLr: real(0.1, "[0, inf)", 0.02),
    /** How fast the bounds close in: by about gamma t. */
    gamma: real(1e-3, "(0, inf)", 0.3),
    /** What is added to the root of v. */
    eps: real(1e-8, "[0, inf)", 1e-4),
    /** The factor of p that is added to the gradient. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** Whether the largest v so far takes the place of v. */
    amsbound: flag(false),
  },
  state: { exp_avg: {}, exp_avg_sq: {}, max_exp_avg_sq: { when: ({ amsbound }) => amsbound } },
  numbers: { base_lr: 0 },
  prepare(_context, groups) {
    for (const { options, numbers } of groups) if (numbers.base_lr === 0) numbers.base_lr = options.lr;
  },
  update({ kernels }, { p, g, n, t, scale, state }, options, { base_lr }) {
    const { exp_avg: m, exp_avg_sq: v, max_exp_avg_sq: u } = state;
    const { lr, betas, finalLr, gamma, eps, weightDecay: l2 } = options;
    const [beta1, beta2] = betas;
    const [gain1, gain2] = [1 - beta1, Math.sqrt(1 - beta2)];
    const step = (lr * Math.sqrt(1 - powi(beta2, t))) / (1 - powi(beta1, t));
    const final = lr === 0 ? 0 : (finalLr * lr) / base_lr;
    const low = final * (1 - 1 / (gamma * t + 1));
    const high = final * (1 + 1 / (gamma * t));
    if (u === 0) kernels.adaBound(p, m, v, g, n, scale, l2, beta1, gain1, beta2, gain2, step, eps, low, high);
    else kernels.adaBoundAmsbound(p, m, v, u, g, n, scale, l2, beta1, gain1, beta2, gain2, step, eps, low, high);
  },
});
export type AdaBound = InstanceType<typeof AdaBound>;
