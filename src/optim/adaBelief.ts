import { refuse } from "../core/check.ts";
import { powi } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real, reals } from "./define/option.ts";

interface Rates {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly rectify: boolean;
  readonly degeneratedToSgd: boolean;
}

/** Step size and eps at update t, and whether to divide by the root of the variance. */
function ratesAt({ lr, betas: [beta1, beta2], eps, rectify, degeneratedToSgd }: Rates, t: number) {
  const c1 = 1 - powi(beta1, t);
  const power = powi(beta2, t);
  const c2 = 1 - power;
  if (!rectify) return { adaptive: true, step: (lr * Math.sqrt(c2)) / c1, eps: eps * Math.sqrt(c2) };
  const most = 2 / (1 - beta2) - 1;
  const length = most - (2 * t * power) / c2;
  if (length < 5) return { adaptive: false, step: degeneratedToSgd ? lr / c1 : 0, eps };
  const rectified = (((length - 4) / (most - 4)) * ((length - 2) / (most - 2)) * most) / length;
  return { adaptive: true, step: (lr * Math.sqrt(c2 * rectified)) / c1, eps };
}

/**
 * AdaBelief as in its authors' code, version 0.2.1:
 *
 *     p = p - lr weightDecay p                    or, without weightDecouple, g' = g + weightDecay p
 *     m = beta1 m + (1 - beta1) g'
 *     v = beta2 v + (1 - beta2) (g' - m)^2 + eps
 *     p = p - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * J. Zhuang et al., "AdaBelief optimizer: adapting stepsizes by the belief in observed gradients" (NeurIPS 2020),
 * Algorithm 2. As in the code, eps also stands outside the root, and `rectify` is on: the step is then that of RAdam
 * (L. Liu et al., ICLR 2020), lr r_t m_hat / (sqrt(v) / sqrt(1 - beta2^t) + ...) with eps added to the uncorrected root,
 * and as long as the variance is short of 5 samples, lr m_hat, or nothing without `degeneratedToSgd`. `fixedDecay` leaves
 * lr out of the decay. `amsgrad` puts the largest v so far in its place; the authors' rectified step ignores it, hence it
 * is refused there. lr is the size of a step in units of p.
 */
export const AdaBelief = /* @__PURE__ */ defineOptimizer({
  name: "AdaBelief",
  rule: "m = β₁ m + (1 − β₁) g;  v = β₂ v + (1 − β₂) (g − m)² + ε;  p −= lr m̂ / (√v̂ + ε)",
  cites: "Zhuang et al. 2020",
  options: {
    /** The size of a step, in units of p. */
    lr: real(1e-3, "[0, inf)", 0.01),
    /** Decay rates of the averages of g and of (g - m)^2. */
    betas: reals([0.9, 0.999], "[0, 1)", [0.8, 0.95]),
    /** What is added to v, and to its root. */
    eps: real(1e-16, "[0, inf)", 1e-6),
    /** The factor of the decay: of p, or of p in g without `weightDecouple`. */
    weightDecay: real(0, "[0, inf)", 0.1),
    /** Whether decay shrinks p itself, as in AdamW, and leaves the gradient alone. */
    weightDecouple: flag(true),
    /** Whether decay is weightDecay alone and not multiplied by lr. */
    fixedDecay: flag(false),
    /** Whether the step is rectified, as RAdam's is. */
    rectify: flag(true),
    /** Whether the first steps, which have no variance yet, are taken with m alone; else nothing is done. */
    degeneratedToSgd: flag(true),
    /** Whether the largest v so far takes the place of v. */
    amsgrad: flag(false),
  },
  state: { exp_avg: {}, exp_avg_var: {}, max_exp_avg_var: { when: ({ amsgrad }) => amsgrad } },
  check({ weightDecouple, fixedDecay, rectify, amsgrad }) {
    if (amsgrad && rectify) refuse("amsgrad", amsgrad, "rectify false with it");
    if (fixedDecay && !weightDecouple) refuse("fixedDecay", fixedDecay, "weightDecouple true with it");
  },
  update({ kernels }, { p, g, n, t, scale, state }, options) {
    const { exp_avg: m, exp_avg_var: v, max_exp_avg_var: u } = state;
    const { lr, betas, eps: floor, weightDecay, weightDecouple, fixedDecay } = options;
    const [beta1, beta2] = betas;
    const l2 = weightDecouple ? 0 : weightDecay;
    const shrink = weightDecouple ? (fixedDecay ? 1 : lr) * weightDecay : 0;
    const pull = 1 - beta1;
    const gain2 = beta1 * Math.sqrt(1 - beta2);
    const { adaptive, step, eps } = ratesAt(options, t);
    if (!adaptive) kernels.adaBeliefMomentum(p, m, v, g, n, scale, l2, shrink, pull, beta2, gain2, floor, step);
    else if (u === 0) kernels.adaBelief(p, m, v, g, n, scale, l2, shrink, pull, beta2, gain2, floor, step, eps);
    else kernels.adaBeliefAmsgrad(p, m, v, u, g, n, scale, l2, shrink, pull, beta2, gain2, floor, step, eps);
  },
});
export type AdaBelief = InstanceType<typeof AdaBelief>;
