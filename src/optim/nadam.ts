import { pow, powi } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real, reals } from "./define/option.ts";

/** The momentum mu that the schedule gives for step t: beta1 / 2 at first, beta1 in the end. */
function momentumAt(beta1: number, momentumDecay: number, t: number): number {
  return beta1 * (1 - 0.5 * pow(0.96, t * momentumDecay));
}

/** Below this, 1 less a product is 1. */
const NOTHING = 2 ** -60;

/**
 * The product of the first t momentums, for parameters that were not there or frozen for a while: the group has that of
 * all. As if beta1 had always been what it is now.
 */
function productUpTo(beta1: number, momentumDecay: number, t: number): number {
  let product = 1;
  for (let i = 1; i <= t && product > NOTHING; i++) product *= momentumAt(beta1, momentumDecay, i);
  return product;
}

/**
 * NAdam as in torch.optim.NAdam since 2.0:
 *
 *     g' = g + weightDecay p
 *     m  = beta1 m + (1 - beta1) g'
 *     v  = beta2 v + (1 - beta2) g'^2
 *     mu(t) = beta1 (1 - 0.96^(t momentumDecay) / 2),   M(t) = mu(1) mu(2) ... mu(t)
 *     d  = (1 - mu(t)) / (1 - M(t)) g' + mu(t + 1) / (1 - M(t + 1)) m
 *     p  = p - lr d / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * T. Dozat, "Incorporating Nesterov momentum into Adam" (ICLR 2016 workshop), where m decays by mu(t) instead of
 * beta1. With `decoupledWeightDecay`, as in AdamW, p is first multiplied by 1 - lr weightDecay and g' = g. The product
 * M(t) is kept for a group, not for each parameter as in torch: for one that was frozen for a while or came later it is
 * taken anew, up to its own t. lr is the size of a step in units of p.
 */
export const NAdam = /* @__PURE__ */ defineOptimizer({
  name: "NAdam",
  rule: "Adam with (1 − μₜ) g / (1 − Πμ) + μₜ₊₁ m / (1 − Πμ μₜ₊₁) for m̂",
  cites: "Dozat 2016",
  options: {
    /** The size of a step, in units of p. */
    lr: real(2e-3, "[0, inf)", 0.01),
    /** Decay rates of the averages of g and of g^2. */
    betas: reals([0.9, 0.999], "[0, 1)", [0.8, 0.95]),
    /** What is added to the root of v. */
    eps: real(1e-8, "[0, inf)", 1e-4),
    /** How fast the momentum of the schedule rises to betas[0]. */
    momentumDecay: real(4e-3, "[0, inf)", 0.05),
    /** The factor of p that is added to the gradient. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** Whether decay leaves the gradient alone and shrinks p itself, by lr weightDecay. */
    decoupledWeightDecay: flag(false),
  },
  state: { exp_avg: {}, exp_avg_sq: {} },
  numbers: { mu_product: 1 },
  prepare(_context, groups) {
    for (const { options, numbers, forEachSpan } of groups) {
      let latest = 0;
      forEachSpan(({ t }) => {
        latest = Math.max(latest, t);
      });
      if (latest > 0) numbers.mu_product *= momentumAt(options.betas[0], options.momentumDecay, latest);
    }
  },
  update({ kernels }, { p, g, n, t, missed, scale, state }, options, { mu_product }) {
    const { exp_avg: m, exp_avg_sq: v } = state;
    const { lr, eps, momentumDecay, weightDecay, decoupledWeightDecay } = options;
    const [beta1, beta2] = options.betas;
    const product = missed === 0 ? mu_product : productUpTo(beta1, momentumDecay, t);
    const mu = momentumAt(beta1, momentumDecay, t);
    const next = momentumAt(beta1, momentumDecay, t + 1);
    const root2 = Math.sqrt(1 - powi(beta2, t));
    const stepG = (lr * root2 * (1 - mu)) / (1 - product);
    const stepM = (lr * root2 * next) / (1 - product * next);
    const [l2, shrink] = decoupledWeightDecay ? [0, lr * weightDecay] : [weightDecay, 0];
    const [gain1, gain2] = [1 - beta1, Math.sqrt(1 - beta2)];
    kernels.nadam(p, m, v, g, n, scale, l2, beta1, gain1, beta2, gain2, stepG, stepM, eps * root2, shrink);
  },
});
export type NAdam = InstanceType<typeof NAdam>;
