import { powi } from "../core/real.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { flag, real, reals } from "./define/option.ts";

/** Options of Adam and AdamW, with torch's defaults. Not spread, which would keep either in every bundle with the other. */
const adamOptions = (weightDecay: number, trial: number) => ({
  /** The size of a step, in units of p. */
  lr: real(1e-3, "[0, inf)", 0.01),
  /** Decay rates of the averages of g and of g^2. */
  betas: reals([0.9, 0.999], "[0, 1)", [0.8, 0.95]),
  /** What is added to the root of v. */
  eps: real(1e-8, "[0, inf)", 1e-4),
  /** Whether the largest v so far takes the place of v. */
  amsgrad: flag(false),
  /** Whether m and v are corrected for their start from 0. */
  biasCorrection: flag(true),
  /** The factor of p that Adam adds to the gradient, or with lr the share of p that AdamW takes from it at every step. */
  weightDecay: real(weightDecay, "[0, inf)", trial),
});

const adamState = {
  exp_avg: {},
  exp_avg_sq: {},
  max_exp_avg_sq: { when: ({ amsgrad }: { amsgrad: boolean }) => amsgrad },
};

interface Rates {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly biasCorrection: boolean;
}

/**
 * What the kernels need of the options at update t. Bias corrections are folded into step size and eps:
 * lr (m / c1) / (sqrt(v / c2) + eps) = (lr sqrt(c2) / c1) m / (sqrt(v) + eps sqrt(c2)).
 */
function ratesAt({ lr, betas: [beta1, beta2], eps, biasCorrection }: Rates, t: number) {
  const c1 = biasCorrection ? 1 - powi(beta1, t) : 1;
  const root2 = biasCorrection ? Math.sqrt(1 - powi(beta2, t)) : 1;
  return {
    beta1,
    gain1: 1 - beta1,
    beta2,
    gain2: Math.sqrt(1 - beta2),
    step: (lr * root2) / c1,
    eps: eps * root2,
  };
}

/**
 * Adam as in torch.optim.Adam:
 *
 *     g' = g + weightDecay p
 *     m  = beta1 m + (1 - beta1) g'
 *     v  = beta2 v + (1 - beta2) g'^2
 *     p  = p - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (ICLR 2015), Algorithm 1. eps is added after
 * the bias-corrected root, as in torch; the paper's "efficient" form adds it to the uncorrected one. `amsgrad` puts
 * the largest v so far in its place (S. J. Reddi et al., ICLR 2018), corrected as in torch. Without `biasCorrection`
 * both corrections are 1, as in BERT's optimizer. lr is the size of a step in units of p.
 */
export const Adam = /* @__PURE__ */ defineOptimizer({
  name: "Adam",
  rule: "m = β₁ m + (1 − β₁) g;  v = β₂ v + (1 − β₂) g²;  p −= lr m̂ / (√v̂ + ε)",
  cites: "Kingma & Ba 2015; Reddi et al. 2018",
  options: /* @__PURE__ */ adamOptions(0, 0.1),
  state: adamState,
  update({ kernels }, { p, g, n, t, scale, state }, options) {
    const { exp_avg: m, exp_avg_sq: v, max_exp_avg_sq: u } = state;
    const { beta1, gain1, beta2, gain2, step, eps } = ratesAt(options, t);
    const l2 = options.weightDecay;
    if (u === 0) kernels.adam(p, m, v, g, n, scale, l2, beta1, gain1, beta2, gain2, step, eps);
    else kernels.adamAmsgrad(p, m, v, u, g, n, scale, l2, beta1, gain1, beta2, gain2, step, eps);
  },
});
export type Adam = InstanceType<typeof Adam>;

/** The same for decoupled decay, in the order of the kernels, with the scale of the gradient in the gains. */
function decoupledRates(options: Rates & { readonly weightDecay: number }, t: number, scale: number) {
  const { beta1, gain1, beta2, gain2, step, eps } = ratesAt(options, t);
  return [beta1, gain1 * scale, beta2, gain2 * scale, step, eps, options.lr * options.weightDecay] as const;
}

/**
 * Adam with decoupled weight decay, as in torch.optim.AdamW: p is first multiplied by 1 - lr weightDecay, and the
 * gradient is left alone; otherwise as `Adam`.
 *
 * I. Loshchilov and F. Hutter, "Decoupled weight decay regularization" (ICLR 2019), Algorithm 2, where the decay is
 * scaled by the schedule alone and not, as here and in torch, by lr as well.
 */
export const AdamW = /* @__PURE__ */ defineOptimizer({
  name: "AdamW",
  rule: "p −= lr λ p, then Adam's step",
  cites: "Loshchilov & Hutter 2019",
  options: /* @__PURE__ */ adamOptions(0.01, 0.2),
  state: adamState,
  update({ kernels }, { p, g, n, t, scale, state }, options) {
    const { exp_avg: m, exp_avg_sq: v, max_exp_avg_sq: u } = state;
    const rates = decoupledRates(options, t, scale);
    if (u === 0) kernels.adamw(p, m, v, g, n, ...rates);
    else kernels.adamwAmsgrad(p, m, v, u, g, n, ...rates);
  },
  updateMeasured({ kernels }, { p, g, n, t, scale, state }, options, _numbers, sums) {
    if (options.amsgrad) return false;
    kernels.adamwNorms(p, state.exp_avg, state.exp_avg_sq, g, sums, n, ...decoupledRates(options, t, scale));
    return true;
  },
});
export type AdamW = InstanceType<typeof AdamW>;
