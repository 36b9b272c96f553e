import { refuse } from "../core/check.ts";
import { saturated } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real } from "./define/option.ts";

/**
 * LARS:
 *
 *     local = trustCoefficient ||p|| / (||g|| + weightDecay ||p|| + eps)
 *     b     = momentum b + lr local (g + weightDecay p)
 *     p     = p - b                               or, with nesterov, p - (lr local (g + weightDecay p) + momentum b)
 *
 * Y. You, I. Gitman and B. Ginsburg, "Large batch training of convolutional networks" (2017), Algorithm 1. The norms are
 * those of one parameter, in float64; local is 1 where either is 0. The learning rate stands inside the buffer, unlike in
 * `SGD`, which matters once lr changes. eps is not in the paper. A step moves a parameter by about lr trustCoefficient
 * times its norm. Biases and the like are commonly left to `SGD`. Two passes over memory: one for the norms, one for p.
 */
export const LARS = /* @__PURE__ */ defineOptimizer({
  name: "LARS",
  rule: "b = μ b + lr η ‖p‖ / (‖g‖ + λ ‖p‖ + ε) (g + λ p);  p −= b",
  cites: "You et al. 2017",
  per: "parameter",
  options: {
    /** A factor of the step, which is about lr trustCoefficient times the norm of the parameter. */
    lr: real(1, "[0, inf)", 0.3),
    /** The decay rate of the buffer b. */
    momentum: real(0.9, "[0, inf)", 0.5),
    /** The factor of p that is added to the gradient, and of its norm in the divisor. */
    weightDecay: real(1e-4, "[0, inf)", 0.1),
    /** The size of a step relative to the norm of the parameter, at lr 1. */
    trustCoefficient: real(1e-3, "[0, inf)", 0.02),
    /** What is added to the divisor of the local rate. */
    eps: real(1e-8, "[0, inf)", 0.5),
    /** Whether the step looks one more momentum ahead. */
    nesterov: flag(false),
  },
  state: { momentum_buffer: { when: ({ momentum }) => momentum !== 0 } },
  check({ nesterov, momentum }) {
    if (nesterov && momentum === 0) refuse("nesterov", nesterov, "momentum above 0 with it");
  },
  update({ kernels }, { p, g, n, scale, state }, options) {
    const { lr, momentum, weightDecay, trustCoefficient, eps, nesterov } = options;
    const b = state.momentum_buffer;
    const ofP = Math.sqrt(kernels.sumSquares(p, n));
    const ofG = Math.sqrt(kernels.sumSquares(g, n)) * Math.abs(scale);
    const local = ofP === 0 || ofG === 0 ? 1 : (trustCoefficient * ofP) / (ofG + weightDecay * ofP + eps);
    // SGD's kernels, with the rate in what it multiplies and 1 for theirs.
    const [byG, byP] = [saturated(lr * local * scale), saturated(lr * local * weightDecay)];
    if (b === 0) kernels.sgd(p, g, n, byG, byP, 1);
    else if (nesterov) kernels.sgdNesterov(p, b, g, n, byG, byP, 1, momentum);
    else kernels.sgdMomentumL2(p, b, g, n, byG, byP, 1, momentum);
  },
});
export type LARS = InstanceType<typeof LARS>;
