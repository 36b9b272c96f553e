import { refuse } from "../core/check.ts";
import { runElsewhere } from "../state/shadow.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { choice, flag, real } from "./define/option.ts";

/**
 * Stochastic gradient descent as in torch.optim.SGD:
 *
 *     g' = g + weightDecay p
 *     b  = momentum b + (1 - dampening) g'        (b = g' at the first step)
 *     p  = p - lr b                               or, with nesterov, p - lr (g' + momentum b)
 *
 * or, with `convention: "sutskever"`, with lr inside the buffer, which matters once lr changes:
 *
 *     b  = momentum b - lr g'
 *     p  = p + b                                  or, with nesterov, p + momentum b - lr g'
 *
 * B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); I. Sutskever et al., "On the
 * importance of initialization and momentum in deep learning" (ICML 2013), eqs. 1-2.
 *
 * Nesterov's method takes the gradient at the look-ahead point, p + momentum b in Sutskever's convention (eqs. 3-4) and
 * p - lr momentum b in torch's: compute gradients inside `withLookahead` and leave `nesterov` off. With `nesterov` the
 * parameters are that look-ahead point themselves, as Y. Bengio et al., "Advances in optimizing recurrent networks"
 * (ICASSP 2013), section 3.5, rewrite it, and gradients are taken where they are. The two agree as long as momentum
 * and, in torch's convention, lr stay the same. lr has the unit of p / g.
 */
export const SGD = /* @__PURE__ */ defineOptimizer({
  name: "SGD",
  rule: "b = μ b + (1 − dampening) (g + λ p);  p −= lr b",
  cites: "Polyak 1964; Sutskever et al. 2013; Bengio et al. 2013",
  options: {
    /** The step size, in units of p / g. */
    lr: real(1e-3, "[0, inf)", 0.05),
    /** The decay rate of the buffer b; 0 keeps none. */
    momentum: real(0, "[0, inf)", 0.9),
    /** The share of each gradient that is kept out of the buffer. */
    dampening: real(0, "(-inf, inf)", 0.3),
    /** The factor of p that is added to the gradient. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** Whether the step looks one more momentum ahead. */
    nesterov: flag(false),
    /** Whether lr stands outside the buffer, as in torch, or inside, as in the paper. */
    convention: choice("torch", "sutskever", ["torch", "sutskever"]),
  },
  state: { momentum_buffer: { when: ({ momentum }) => momentum !== 0 } },
  check({ nesterov, momentum, dampening, convention }) {
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      refuse("nesterov", nesterov, "momentum above 0 and dampening 0 with it");
    }
    if (convention === "sutskever" && dampening !== 0) refuse("convention", convention, "dampening 0 with it");
  },
  update({ kernels }, { p, g, n, t, scale, state }, options) {
    const { lr, momentum, dampening, weightDecay, nesterov, convention } = options;
    const b = state.momentum_buffer;
    if (b === 0) {
      kernels.sgd(p, g, n, scale, weightDecay, lr);
      return;
    }
    // Dampening multiplies both terms of g'; or -lr g' takes its place, and a rate of -1 that of lr.
    const sutskever = convention === "sutskever";
    const gain = sutskever ? -lr : t === 1 ? 1 : 1 - dampening;
    const rate = sutskever ? -1 : lr;
    const l2 = gain * weightDecay;
    if (nesterov) kernels.sgdNesterov(p, b, g, n, gain * scale, l2, rate, momentum);
    else if (l2 === 0) kernels.sgdMomentum(p, b, g, n, gain * scale, rate, momentum);
    else kernels.sgdMomentumL2(p, b, g, n, gain * scale, l2, rate, momentum);
  },
  lookahead: {
    move({ kernels }, { p, n, state: { momentum_buffer: b } }, { lr, momentum, nesterov, convention }) {
      if (b === 0 || nesterov) return;
      kernels.axpy(b, p, n, convention === "torch" ? -lr * momentum : momentum);
    },
    run: runElsewhere,
  },
});
export type SGD = InstanceType<typeof SGD>;
