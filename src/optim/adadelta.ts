import { defineOptimizer } from "./define/optimizer.ts";
import { real } from "./define/option.ts";

/**
 * Adadelta as in torch.optim.Adadelta:
 *
 *     g' = g + weightDecay p
 *     v  = rho v + (1 - rho) g'^2
 *     d  = sqrt(u + eps) / sqrt(v + eps) g'
 *     u  = rho u + (1 - rho) d^2
 *     p  = p - lr d
 *
 * M. D. Zeiler, "ADADELTA: an adaptive learning rate method" (2012), Algorithm 1, which has no lr. We take one root, of
 * the quotient. lr has no unit: d has that of p.
 */
export const Adadelta = /* @__PURE__ */ defineOptimizer({
  name: "Adadelta",
  rule: "v = ρ v + (1 − ρ) g²;  d = √((u + ε) / (v + ε)) g;  u = ρ u + (1 − ρ) d²;  p −= lr d",
  cites: "Zeiler 2012",
  options: {
    /** A factor of the step, without a unit. */
    lr: real(1, "[0, inf)", 0.5),
    /** The decay rate of both averages. */
    rho: real(0.9, "[0, 1)", 0.95),
    /** What is added under both roots; it sets the size of the first steps. */
    eps: real(1e-6, "[0, inf)", 1e-4),
    /** The factor of p that is added to the gradient. */
    weightDecay: real(0, "[0, inf)", 0.1),
  },
  state: { square_avg: {}, acc_delta: {} },
  update({ kernels }, { p, g, n, scale, state: { square_avg: v, acc_delta: u } }, { lr, rho, eps, weightDecay }) {
    kernels.adadelta(p, v, u, g, n, scale, weightDecay, rho, Math.sqrt(1 - rho), eps, lr);
  },
});
export type Adadelta = InstanceType<typeof Adadelta>;
