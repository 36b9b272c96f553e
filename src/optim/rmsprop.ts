import { defineOptimizer } from "./define/optimizer.ts";
import { choice, flag, real } from "./define/option.ts";

/**
 * RMSprop as in torch.optim.RMSprop:
 *
 *     g' = g + weightDecay p
 *     v  = alpha v + (1 - alpha) g'^2
 *     d  = g' / (sqrt(v) + eps)                   or, centered, with v - a^2 for v: a = alpha a + (1 - alpha) g'
 *     p  = p - lr d                               or, with momentum, p - lr b: b = momentum b + d
 *
 * T. Tieleman and G. Hinton, lecture 6.5 of "Neural networks for machine learning" (2012); centered and with momentum
 * in A. Graves, "Generating sequences with recurrent neural networks" (2013), eqs. 38-45, where lr stands inside the
 * buffer, which matters once lr changes. With `epsPlace: "inside"` the divisor is sqrt(v + eps), as there, in
 * TensorFlow and in optax. Rounding can leave v - a^2 below 0, which gives NaN in torch; here it counts as 0. lr is
 * the size of a step in units of p.
 */
export const RMSprop = /* @__PURE__ */ defineOptimizer({
  name: "RMSprop",
  rule: "v = α v + (1 − α) g²;  p −= lr g / (√v + ε)",
  cites: "Tieleman & Hinton 2012; Graves 2013",
  options: {
    /** The size of a step, in units of p. */
    lr: real(1e-2, "[0, inf)", 1e-3),
    /** The decay rate of the average of g^2. */
    alpha: real(0.99, "[0, 1)", 0.9),
    /** What is added to the root of v, or to v. */
    eps: real(1e-8, "[0, inf)", 1e-4),
    /** Whether eps is added outside the root, as in torch, or inside, as in TensorFlow and optax. */
    epsPlace: choice("outside", "inside", ["outside", "inside"]),
    /** The factor of p that is added to the gradient. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** The decay rate of the buffer b; 0 keeps none. */
    momentum: real(0, "[0, inf)", 0.9),
    /** Whether the square of the average of g is subtracted from v. */
    centered: flag(false),
  },
  state: {
    square_avg: {},
    grad_avg: { when: ({ centered }) => centered },
    momentum_buffer: { when: ({ momentum }) => momentum !== 0 },
  },
  update({ kernels }, { p, g, n, scale, state }, { lr, alpha, eps, epsPlace, weightDecay: l2, momentum }) {
    const { square_avg: v, grad_avg: a, momentum_buffer: b } = state;
    const [gain1, gain2] = [1 - alpha, Math.sqrt(1 - alpha)];
    const [inside, outside] = epsPlace === "inside" ? [eps, 0] : [0, eps];
    if (a === 0 && b === 0) kernels.rmsprop(p, v, g, n, scale, l2, alpha, gain2, inside, outside, lr);
    else if (a === 0) kernels.rmspropMomentum(p, v, b, g, n, scale, l2, alpha, gain2, inside, outside, lr, momentum);
    else if (b === 0) kernels.rmspropCentered(p, v, a, g, n, scale, l2, alpha, gain1, gain2, inside, outside, lr);
    else {
      kernels.rmspropCenteredMomentum(p, v, a, b, g, n, scale, l2, alpha, gain1, gain2, inside, outside, lr, momentum);
    }
  },
});
export type RMSprop = InstanceType<typeof RMSprop>;
