import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real, reals } from "./define/option.ts";

/**
 * Lion as in its authors' code:
 *
 *     p = p - lr weightDecay p
 *     p = p - lr sign(beta1 m + (1 - beta1) g)
 *     m = beta2 m + (1 - beta2) g
 *
 * X. Chen et al., "Symbolic discovery of optimization algorithms" (NeurIPS 2023), Algorithm 2. The step takes m as it
 * was: beta1 mixes, beta2 is the decay of the momentum. sign(0) is 0, and so is sign(NaN), as in torch. Every element
 * moves by lr, in units of p: Lion wants an lr 3 to 10 times smaller than Adam and a weightDecay larger by as much.
 *
 * `decoupledWeightDecay` is a flag of lucidrains/lion-pytorch: the decay follows the schedule alone, p = p - weightDecay
 * (lr / init_lr) p, where init_lr is the first learning rate that was not 0.
 */
export const Lion = /* @__PURE__ */ defineOptimizer({
  name: "Lion",
  rule: "p −= lr (sign(β₁ m + (1 − β₁) g) + λ p);  m = β₂ m + (1 − β₂) g",
  cites: "Chen et al. 2023",
  options: {
    /** How far every element moves, in units of p. */
    lr: real(1e-4, "[0, inf)", 0.01),
    /** What mixes m and g in the step, and the decay rate of m. */
    betas: reals([0.9, 0.99], "[0, 1)", [0.8, 0.95]),
    /** Every step shrinks p by lr weightDecay of it. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** Whether decay follows the schedule alone, p = p - weightDecay (lr / init_lr) p. */
    decoupledWeightDecay: flag(false),
  },
  state: { exp_avg: {} },
  numbers: { init_lr: 0 },
  prepare(_context, groups) {
    for (const { options, numbers } of groups) if (numbers.init_lr === 0) numbers.init_lr = options.lr;
  },
  update({ kernels }, { p, g, n, scale, state }, options, { init_lr }) {
    const { lr, betas, weightDecay, decoupledWeightDecay } = options;
    const [beta1, beta2] = betas;
    const rate = !decoupledWeightDecay ? lr : lr === 0 ? 0 : lr / init_lr;
    const [gain1, gain2] = [(1 - beta1) * scale, (1 - beta2) * scale];
    kernels.lion(p, state.exp_avg, g, n, beta1, gain1, beta2, gain2, lr, rate * weightDecay);
  },
});
export type Lion = InstanceType<typeof Lion>;
