import { powi } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real, reals } from "./define/option.ts";

/**
 * What the adaptive step is multiplied by at update t; undefined while too few gradients have been seen for v to have
 * a finite variance. The paper and torch agree on the factor; torch asks for rho > 5, the paper for rho > 4.
 */
function rectification(beta2: number, t: number): number | undefined {
  const limit = 2 / (1 - beta2) - 1;
  const power = powi(beta2, t);
  const rho = limit - (2 * t * power) / (1 - power);
  if (rho <= 5) return undefined;
  return Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
}

/**
 * RAdam as in torch.optim.RAdam:
 *
 *     g' = g + weightDecay p
 *     m  = beta1 m + (1 - beta1) g'
 *     v  = beta2 v + (1 - beta2) g'^2
 *     p  = p - lr r m / (1 - beta1^t) / ((sqrt(v) + eps) / sqrt(1 - beta2^t))       where rho(t) > 5
 *     p  = p - lr m / (1 - beta1^t)                                                   elsewhere: the first steps
 *
 * with rho(t) and the rectification r(t) of L. Liu et al., "On the variance of the adaptive learning rate and beyond"
 * (ICLR 2020), Algorithm 2. eps, which the paper lacks, is added to the uncorrected root, as in torch. With
 * `decoupledWeightDecay`, as in AdamW, p is first multiplied by 1 - lr weightDecay and g' = g. lr is the size of a
 * step in units of p, and has the unit of p / g in the first steps, which pass over memory twice.
 */
export const RAdam = /* @__PURE__ */ defineOptimizer({
  name: "RAdam",
  rule: "p −= lr r m̂ / (√v̂ + ε) with a rectification r(t);  p −= lr m̂ in the first steps",
  cites: "Liu et al. 2020",
  options: {
    /** The size of a step, in units of p. */
    lr: real(1e-3, "[0, inf)", 0.01),
    /** Decay rates of the averages of g and of g^2. */
    betas: reals([0.9, 0.999], "[0, 1)", [0.8, 0.95]),
    /** What is added to the root of v. */
    eps: real(1e-8, "[0, inf)", 1e-2),
    /** The factor of p that is added to the gradient. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** Whether decay leaves the gradient alone and shrinks p itself, by lr weightDecay. */
    decoupledWeightDecay: flag(false),
  },
  state: { exp_avg: {}, exp_avg_sq: {} },
  update({ kernels }, { p, g, n, t, scale, state: { exp_avg: m, exp_avg_sq: v } }, options) {
    const { lr, eps, weightDecay, decoupledWeightDecay } = options;
    const [beta1, beta2] = options.betas;
    const r = rectification(beta2, t);
    const step = lr / (1 - powi(beta1, t));
    // Without r the kernels only move the moments and decay p; any eps will do.
    const [adaptive, divisor] = r === undefined ? [0, 1] : [step * r * Math.sqrt(1 - powi(beta2, t)), eps];
    const [gain1, gain2] = [1 - beta1, Math.sqrt(1 - beta2)];
    if (decoupledWeightDecay) {
      const shrink = lr * weightDecay;
      kernels.adamw(p, m, v, g, n, beta1, gain1 * scale, beta2, gain2 * scale, adaptive, divisor, shrink);
    } else {
      kernels.adam(p, m, v, g, n, scale, weightDecay, beta1, gain1, beta2, gain2, adaptive, divisor);
    }
    if (r === undefined) kernels.axpy(m, p, n, -step);
  },
});
export type RAdam = InstanceType<typeof RAdam>;
