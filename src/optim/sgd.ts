import { refuse } from "../check.ts";
import { defineOptimizer } from "../optimizer.ts";
import { flag, real } from "../option.ts";

/**
 * Stochastic gradient descent as in torch.optim.SGD:
 *
 *     g' = g + weightDecay p
 *     b  = momentum b + (1 - dampening) g'        (b = g' at the first step)
 *     p  = p - lr b                               or, with nesterov, p - lr (g' + momentum b)
 *
 * B. T. Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Nesterov's form after
 * I. Sutskever et al., "On the importance of initialization and momentum in deep learning" (ICML 2013). The learning
 * rate stands outside the buffer, unlike in the latter, which matters once lr changes. lr has the unit of p / g.
 */
export const SGD = /* @__PURE__ */ defineOptimizer({
  name: "SGD",
  rule: "b = μ b + (1 − dampening) (g + λ p);  p −= lr b",
  cites: "Polyak 1964; Sutskever et al. 2013",
  options: {
    lr: real(1e-3, "[0, inf)", 0.05),
    momentum: real(0, "[0, inf)", 0.9),
    dampening: real(0, "(-inf, inf)", 0.3),
    weightDecay: real(0, "[0, inf)", 0.1),
    nesterov: flag(false),
  },
  state: { momentum_buffer: { when: ({ momentum }) => momentum !== 0 } },
  check({ nesterov, momentum, dampening }) {
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      refuse("nesterov", nesterov, "momentum above 0 and dampening 0 with it");
    }
  },
  update({ kernels }, { p, g, n, t, scale, state }, { lr, momentum, dampening, weightDecay, nesterov }) {
    const b = state.momentum_buffer;
    const gain = t === 1 ? 1 : 1 - dampening;
    if (b === 0) kernels.sgd(p, g, n, scale, weightDecay, lr);
    else if (nesterov) kernels.sgdNesterov(p, b, g, n, scale, weightDecay, lr, momentum, gain);
    else kernels.sgdMomentum(p, b, g, n, scale, weightDecay, lr, momentum, gain);
  },
});
export type SGD = InstanceType<typeof SGD>;
