import { pow } from "../core/real.ts";
import { runElsewhere } from "../state/shadow.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { real } from "./define/option.ts";

interface Rates {
  readonly lr: number;
  readonly lambd: number;
  readonly alpha: number;
  readonly t0: number;
}

function ratesAt({ lr, lambd, alpha, t0 }: Rates, t: number) {
  return { eta: lr / pow(1 + lambd * lr * (t - 1), alpha), mu: 1 / Math.max(1, t - 1 - t0) };
}

/**
 * Averaged SGD as in torch.optim.ASGD:
 *
 *     eta = lr / (1 + lambd lr (t - 1))^alpha
 *     p   = p - eta (g + weightDecay p + lambd p)
 *     ax  = ax + mu (p - ax)                      mu = 1 / max(1, t - 1 - t0), so ax = p up to step t0 + 2
 *
 * B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by averaging" (1992); the step sizes are
 * those of W. Xu, "Towards optimal one pass large scale learning with averaged stochastic gradient descent" (2011).
 * Training goes on from p; ax is the point to evaluate at. eta and mu of the last step can be read from the group;
 * they come from t and the current lr, where torch takes the lr of the step before. lr has the unit of p / g.
 */
export const ASGD = /* @__PURE__ */ defineOptimizer({
  name: "ASGD",
  rule: "p −= η (g + λ p), η = lr / (1 + λ lr t)^α;  ax += μ (p − ax), μ = 1 / max(1, t − t₀)",
  cites: "Polyak & Juditsky 1992; Xu 2011",
  options: {
    /** The first step size, in units of p / g. */
    lr: real(1e-2, "[0, inf)", 0.1),
    /** The factor of p in the step, which also makes eta fall. */
    lambd: real(1e-4, "[0, inf)", 0.05),
    /** The power by which eta falls. */
    alpha: real(0.75, "[0, inf)", 0.5),
    /** The update from which on iterates are averaged. */
    t0: real(1e6, "[0, inf)", 2),
    /** The factor of p that is added to the gradient. */
    weightDecay: real(0, "[0, inf)", 0.1),
  },
  state: { ax: {} },
  numbers: { eta: 0, mu: 1 },
  points: {
    training: "p",
    evaluation: "ax",
    evaluate: { move: ({ kernels }, { p, n, state: { ax } }) => kernels.copy(ax, p, n), run: runElsewhere },
  },
  prepare(_context, groups) {
    for (const { options, numbers, forEachSpan } of groups) {
      forEachSpan(({ t }) => Object.assign(numbers, ratesAt(options, t)));
    }
  },
  update({ kernels }, { p, g, n, t, scale, state: { ax } }, options) {
    // Each parameter has a count of its own.
    const { eta, mu } = ratesAt(options, t);
    const l2 = options.weightDecay + options.lambd;
    if (mu === 1) kernels.asgdCopy(p, ax, g, n, scale, l2, eta);
    else kernels.asgdAverage(p, ax, g, n, scale, l2, eta, mu);
  },
});
export type ASGD = InstanceType<typeof ASGD>;
