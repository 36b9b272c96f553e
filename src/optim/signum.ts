import { defineOptimizer } from "./define/optimizer.ts";
import { real } from "./define/option.ts";

/**
 * Signum, and with momentum 0 signSGD:
 *
 *     b = momentum b + (1 - momentum) g
 *     p = p - lr (sign(b) + weightDecay p)
 *
 * J. Bernstein et al., "signSGD: compressed optimisation for non-convex problems" (ICML 2018), Algorithms 1 and 2. The
 * decay, which they do not have, is that of their code in MXNet. Signum is Lion with both betas alike. sign(0) is 0, and
 * so is sign(NaN), as in torch. Every element moves by lr, in units of p.
 */
export const Signum = /* @__PURE__ */ defineOptimizer({
  name: "Signum",
  rule: "b = μ b + (1 − μ) g;  p −= lr (sign(b) + λ p)",
  cites: "Bernstein et al. 2018",
  options: {
    /** How far every element moves, in units of p. */
    lr: real(0.01, "[0, inf)", 0.003),
    /** The decay rate of the buffer b. */
    momentum: real(0.9, "[0, 1)", 0),
    /** Every step shrinks p by lr weightDecay of it. */
    weightDecay: real(0, "[0, inf)", 0.1),
  },
  state: { momentum_buffer: { when: ({ momentum }) => momentum !== 0 } },
  update({ kernels }, { p, g, n, scale, state }, { lr, momentum, weightDecay }) {
    const b = state.momentum_buffer;
    const shrink = lr * weightDecay;
    const gain = (1 - momentum) * scale;
    if (b === 0) kernels.signSgd(p, g, n, scale, lr, shrink);
    else kernels.lion(p, b, g, n, momentum, gain, momentum, gain, lr, shrink);
  },
});
export type Signum = InstanceType<typeof Signum>;
