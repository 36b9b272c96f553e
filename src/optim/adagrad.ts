import { defineOptimizer } from "./define/optimizer.ts";
import { choice, real } from "./define/option.ts";

/**
 * Adagrad as in torch.optim.Adagrad:
 *
 *     g' = g + weightDecay p
 *     s  = s + g'^2                               (s = initialAccumulatorValue before the first step)
 *     p  = p - lr / (1 + (t - 1) lrDecay) g' / (sqrt(s) + eps)
 *
 * J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization"
 * (JMLR 2011), the diagonal form with delta = eps; lrDecay and the initial accumulator are not in the paper. With
 * `epsPlace: "inside"` the divisor is sqrt(s + eps), as in TensorFlow and optax, which also start s at 0.1 and take
 * eps = 1e-7. lr is the size of the first step in units of p.
 */
export const Adagrad = /* @__PURE__ */ defineOptimizer({
  name: "Adagrad",
  rule: "s += g²;  p −= lr g / (√s + ε)",
  cites: "Duchi et al. 2011",
  options: {
    /** The size of the first step, in units of p. */
    lr: real(1e-2, "[0, inf)", 0.1),
    /** How fast lr falls: by 1 / (1 + (t - 1) lrDecay). */
    lrDecay: real(0, "[0, inf)", 0.05),
    /** The factor of p that is added to the gradient. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** What s starts from. */
    initialAccumulatorValue: real(0, "[0, inf)", 0.1),
    /** What is added to the root of s, or to s. */
    eps: real(1e-10, "[0, inf)", 1e-3),
    /** Whether eps is added outside the root, as in torch, or inside, as in TensorFlow and optax. */
    epsPlace: choice("outside", "inside", ["outside", "inside"]),
  },
  state: { sum: {} },
  update({ kernels }, { p, g, n, t, scale, state: { sum: s } }, options) {
    const { lr, lrDecay, weightDecay, initialAccumulatorValue, eps, epsPlace } = options;
    const [inside, outside] = epsPlace === "inside" ? [eps, 0] : [0, eps];
    if (t === 1) kernels.fill(s, n, initialAccumulatorValue);
    kernels.adagrad(p, s, g, n, scale, weightDecay, lr / (1 + (t - 1) * lrDecay), inside, outside);
  },
});
export type Adagrad = InstanceType<typeof Adagrad>;
