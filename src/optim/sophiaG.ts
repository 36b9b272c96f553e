import { defineOptimizer } from "./define/optimizer.ts";
import { real, reals, whole } from "./define/option.ts";

/**
 * Sophia-G as in its authors' code:
 *
 *     m = beta1 m + (1 - beta1) g
 *     p = p - lr weightDecay p - lr clip(m / (rho batchSize h + eps), -1, 1)
 *
 * and, whenever `updateHessian` is called,
 *
 *     h = beta2 h + (1 - beta2) g^2
 *
 * H. Liu et al., "Sophia: a scalable stochastic second-order optimizer for language model pre-training" (ICLR 2024),
 * Algorithms 2 and 3. h estimates the diagonal of the Gauss-Newton matrix if, every 10 steps or so, gradients are taken
 * of the mean loss over a batch whose labels are drawn from the model's own predictions:
 *
 *     if (t % 10 === 0) {
 *       sampledGradients(); // into the parameters' grad
 *       optimizer.updateHessian();
 *     }
 *
 * batchSize is the number of labels (tokens) in that batch; as in the code it stands in the step, not in h. eps is added
 * as in the code; the paper has max(gamma h, eps). Until the first estimate h is 0 and the step is lr sign(m). lr is the
 * size of the largest step in units of p.
 */
export const SophiaG = /* @__PURE__ */ defineOptimizer({
  name: "SophiaG",
  rule: "m = β₁ m + (1 − β₁) g;  p −= lr (clip(m / (ρ B h + ε), −1, 1) + λ p);  now and then h = β₂ h + (1 − β₂) g²",
  cites: "Liu et al. 2024",
  options: {
    /** The size of the largest step, in units of p. */
    lr: real(1e-4, "[0, inf)", 0.01),
    /** Decay rates of the averages of g and of the estimate of the Hessian. */
    betas: reals([0.965, 0.99], "[0, 1)", [0.8, 0.9]),
    /** How small a curvature is clipped: steps are less than lr where |m| < rho batchSize h. */
    rho: real(0.04, "[0, inf)", 0.1),
    /** Labels (tokens) in the batch that the Hessian is estimated from. */
    batchSize: whole(5120, "[1, inf)", 64),
    /** What is added to the divisor. */
    eps: real(1e-15, "(0, inf)", 1e-4),
    /** Every step shrinks p by lr weightDecay of it. */
    weightDecay: real(0.1, "[0, inf)", 0.3),
  },
  state: { exp_avg: {}, hessian: {} },
  update({ kernels }, { p, g, n, scale, state }, { lr, betas, rho, batchSize, eps, weightDecay }) {
    const { exp_avg: m, hessian: h } = state;
    const [beta1] = betas;
    const shrink = lr * weightDecay;
    kernels.sophiaG(p, m, h, g, n, beta1, (1 - beta1) * scale, rho * batchSize, eps, lr, shrink);
  },
  updateHessian({ kernels }, { g, n, scale, state }, { betas: [, beta2] }) {
    kernels.sophiaGHessian(state.hessian, g, n, beta2, Math.sqrt(1 - beta2) * scale);
  },
});
export type SophiaG = InstanceType<typeof SophiaG>;
