import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real } from "./define/option.ts";

/**
 * NAG-GS, with alpha the learning rate:
 *
 *     b     = alpha mu / (alpha mu + gamma)
 *     v     = (1 - b) v + b p - (b / mu) g        (v = p at first)
 *     a     = alpha / (1 + alpha)
 *     p     = (1 - a) p + a v
 *     gamma = (1 - a) gamma + a mu                (gamma0 at first)
 *
 * V. Leplat et al., "NAG-GS: semi-implicit, accelerated and robust stochastic optimizer" (2022), in the order of the
 * authors' PyTorch code, except that gamma moves: their class drops the gamma that it has computed. `constantGamma` is
 * their NAG4. `skipFirstGradient` is their JAX code, where an update ends the iteration that the one before began; the
 * first gradient is not used. lr is a step of the time of the flow that the rule integrates; gradients move v by
 * lr / (lr mu + gamma).
 *
 * The group's number `rate` is the b / mu of its last step, made with gamma as it was.
 */
export const NAGGS = /* @__PURE__ */ defineOptimizer({
  name: "NAGGS",
  rule: "v = (1 − b) v + b p − (b / μ) g;  p = (p + lr v) / (1 + lr);  γ = (γ + lr μ) / (1 + lr)",
  cites: "Leplat et al. 2022",
  options: {
    /** A step of the time of the flow, alpha. */
    lr: real(0.01, "[0, inf)", 0.05),
    /** The strong convexity, in units of g / p. */
    mu: real(1, "(0, inf)", 0.5),
    /** What gamma starts from. */
    gamma0: real(1, "(0, inf)", 1.5),
    /** Whether gamma stays what it is. */
    constantGamma: flag(false),
    /** Whether the first gradient goes unused, as in the authors' JAX code. */
    skipFirstGradient: flag(false),
  },
  state: { v: {} },
  numbers: { gamma: 0, rate: 0 },
  prepare(_context, groups) {
    for (const { options, numbers } of groups) {
      const { lr, mu, gamma0, constantGamma } = options;
      const gamma = numbers.gamma === 0 ? gamma0 : numbers.gamma;
      numbers.rate = lr / (lr * mu + gamma);
      numbers.gamma = constantGamma ? gamma : (gamma + lr * mu) / (1 + lr);
    }
  },
  update({ kernels }, { p, g, n, t, scale, state: { v } }, { lr, mu, skipFirstGradient }, { rate }) {
    if (t === 1) kernels.copy(p, v, n);
    if (t > 1 || !skipFirstGradient) kernels.nagGs(p, v, g, n, rate * mu, rate * scale, lr / (1 + lr));
  },
});
export type NAGGS = InstanceType<typeof NAGGS>;
