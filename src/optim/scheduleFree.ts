import { pow, powi } from "../core/real.ts";
import { runElsewhere } from "../state/shadow.ts";
import { defineOptimizer } from "./define/optimizer.ts";
import { choice, flag, real, reals, whole } from "./define/option.ts";
import type { Span, StepContext } from "./define/spec.ts";

/**
 * Schedule-Free learning, after A. Defazio et al., "The Road Less Scheduled" (NeurIPS 2024), as in the authors' code.
 * With u the direction of the base optimizer, taken at y, and k counting steps from 0:
 *
 *     c = w_k / (w_0 + ... + w_k)               w_k = (k + 1)^r lrMax^weightLrPower
 *     x = (1 - c) x + c (z - lr u)
 *     z = z - lr u
 *     y = (1 - beta) z + beta x
 *
 * lrMax is the largest learning rate so far, where the paper has lr_k^2 for w_k. Parameters hold y; x is not stored,
 * `withEvalParams` makes it of y and z: x = y + (1 - 1 / beta) (z - y). Weight decay is taken at y, into u. Warm-up
 * multiplies lr by (k + 1) / warmupSteps, so that the first step counts.
 */

/** Options that all three share; lr has the unit of that of the base optimizer. */
const averaging = {
  /** The factor of y that is added to the direction u. */
  weightDecay: real(0, "[0, inf)", 0.1),
  /** The power of the count of steps in the weights of the average. */
  r: real(0, "[0, inf)", 0.5),
  /** The power of the largest lr so far in the weights of the average. */
  weightLrPower: real(2, "[0, inf)", 1),
};

/** What each group keeps, under the authors' names. */
const numbers = { k: 0, scheduled_lr: 0, lr_max: 0, weight_sum: 0, ckp1: 0 };
type Numbers = typeof numbers;

/** Counts a step at `lr`, and finds the weight of its z in x. */
function average(group: Numbers, lr: number, { r, weightLrPower }: { r: number; weightLrPower: number }): void {
  group.k++;
  group.scheduled_lr = lr;
  group.lr_max = Math.max(lr, group.lr_max);
  const weight = pow(group.k, r) * pow(group.lr_max, weightLrPower);
  group.weight_sum += weight;
  group.ckp1 = group.weight_sum === 0 ? 0 : weight / group.weight_sum;
}

/** Where the warm-up stands at the next step. */
function warmth({ k }: Numbers, warmupSteps: number): number {
  return k < warmupSteps ? (k + 1) / warmupSteps : 1;
}

/** What multiplies u in y. */
function pullOf({ scheduled_lr, ckp1 }: Numbers, beta: number): number {
  return scheduled_lr * (beta * (1 - ckp1) - 1);
}

/** Moves y to x, in place. */
function evaluate({ kernels }: StepContext, { p, n, state }: Pick<Span<"z">, "p" | "n" | "state">, beta: number): void {
  kernels.lerp(state.z, p, n, 1 - 1 / beta);
}

/**
 * Schedule-Free SGD, the authors' SGDScheduleFree; beta is `momentum`, and
 *
 *     u = g + weightDecay y
 *
 * lr has the unit of p / g. State: z, one array.
 */
export const ScheduleFreeSGD = /* @__PURE__ */ defineOptimizer({
  name: "ScheduleFreeSGD",
  rule: "z −= lr (g + λ y);  x = (1 − c) x + c z;  y = (1 − β) z + β x",
  cites: "Defazio et al. 2024",
  options: {
    /** The size of a step, in the unit of the base optimizer: p / g for SGD, p for the others. */
    lr: real(1, "[0, inf)", 0.1),
    /** How much of the average x is in y, beta. */
    momentum: real(0.9, "(0, 1)", 0.8),
    /** Steps of linear warm-up. */
    warmupSteps: whole(0, "[0, inf)", 4),
    ...averaging,
  },
  state: { z: {} },
  numbers,
  points: {
    training: "y",
    evaluation: "x",
    evaluate: { move: (context, span, { momentum }) => evaluate(context, span, momentum), run: runElsewhere },
  },
  prepare(_context, groups) {
    for (const { options, numbers } of groups)
      average(numbers, options.lr * warmth(numbers, options.warmupSteps), options);
  },
  update({ kernels }, { p: y, g, n, t, scale, state: { z } }, { momentum, weightDecay }, numbers) {
    if (t === 1) kernels.copy(y, z, n);
    const { scheduled_lr: lr, ckp1: c } = numbers;
    kernels.scheduleFreeSgd(y, z, g, n, scale, weightDecay, c, pullOf(numbers, momentum), lr);
  },
});
export type ScheduleFreeSGD = InstanceType<typeof ScheduleFreeSGD>;

const adamOptions = {
  /** The size of a step, in the unit of the base optimizer: p / g for SGD, p for the others. */
  lr: real(0.0025, "[0, inf)", 0.02),
  /** How much of the average x is in y, and the decay rate of v. */
  betas: reals([0.9, 0.999], "(0, 1)", [0.8, 0.95]),
  /** What is added to the root of v. */
  eps: real(1e-8, "[0, inf)", 1e-4),
};

/**
 * Schedule-Free AdamW, the authors' AdamWScheduleFree; beta is `betas[0]`, and
 *
 *     v = beta2 v + (1 - beta2) g^2
 *     u = g / (sqrt(v / (1 - beta2^t)) + eps) + weightDecay y
 *
 * The `paper` variant is Algorithm 1, which corrects lr and not v: lr sqrt(1 - beta2^k) takes the place of lr, in the
 * weights of the average too, and eps is added to the uncorrected root. `innerMomentum` mu, which is not in the paper,
 * puts the corrected average of the gradients, m / (1 - mu^t) with m = mu m + (1 - mu) g, in the place of g in u.
 * v is corrected by its own count of updates, which differs from the authors' count of the group's only for parameters
 * that were frozen. lr is the size of a step in units of p. State: z and v.
 */
export const ScheduleFreeAdamW = /* @__PURE__ */ defineOptimizer({
  name: "ScheduleFreeAdamW",
  rule: "z −= lr (g / (√v̂ + ε) + λ y);  x = (1 − c) x + c z;  y = (1 − β₁) z + β₁ x",
  cites: "Defazio et al. 2024",
  options: {
    ...adamOptions,
    /** Steps of linear warm-up. */
    warmupSteps: whole(0, "[0, inf)", 4),
    ...averaging,
    /** The decay rate of an average of gradients that takes their place; 0 keeps none. */
    innerMomentum: real(0, "[0, 1)", 0.5),
    /** The authors' code, or Algorithm 1 of the paper. */
    variant: choice("code", "paper", ["code", "paper"]),
  },
  state: { z: {}, exp_avg_sq: {}, exp_avg: { when: ({ innerMomentum }) => innerMomentum !== 0 } },
  numbers,
  points: {
    training: "y",
    evaluation: "x",
    evaluate: { move: (context, span, { betas }) => evaluate(context, span, betas[0]), run: runElsewhere },
  },
  prepare(_context, groups) {
    for (const { options, numbers } of groups) {
      const correction = options.variant === "paper" ? Math.sqrt(1 - powi(options.betas[1], numbers.k + 1)) : 1;
      average(numbers, options.lr * warmth(numbers, options.warmupSteps) * correction, options);
    }
  },
  update({ kernels }, { p: y, g, n, t, scale, state }, options, numbers) {
    const { z, exp_avg_sq: v, exp_avg: m } = state;
    if (t === 1) kernels.copy(y, z, n);
    const { eps, weightDecay, innerMomentum: mu } = options;
    const [beta1, beta2] = options.betas;
    const { scheduled_lr: lr, ckp1: c } = numbers;
    const pull = pullOf(numbers, beta1);
    // g / (sqrt(v / c2) + eps) = sqrt(c2) g / (sqrt(v) + eps sqrt(c2))
    const root = options.variant === "paper" ? 1 : Math.sqrt(1 - powi(beta2, t));
    const gain2 = scale * Math.sqrt(1 - beta2);
    if (m === 0) {
      kernels.scheduleFreeAdam(y, z, v, g, n, scale * root, weightDecay, beta2, gain2, eps * root, c, pull, lr);
    } else {
      const gain = root / (1 - powi(mu, t));
      const gain1 = scale * (1 - mu);
      kernels.scheduleFreeAdamInner(
        y,
        z,
        m,
        v,
        g,
        n,
        gain,
        weightDecay,
        mu,
        gain1,
        beta2,
        gain2,
        eps * root,
        c,
        pull,
        lr,
      );
    }
  },
});
export type ScheduleFreeAdamW = InstanceType<typeof ScheduleFreeAdamW>;

/** The variance rectification of RAdam at step k, from 1; undefined while there is none, which is for rho <= 4. */
function rectification(beta2: number, k: number): number | undefined {
  const power = powi(beta2, k);
  const rhoMax = 2 / (1 - beta2) - 1;
  const rho = rhoMax - (2 * k * power) / (1 - power);
  if (!(rho > 4)) return undefined;
  return Math.sqrt(((rho - 4) * (rho - 2) * rhoMax) / ((rhoMax - 4) * (rhoMax - 2) * rho));
}

/**
 * Schedule-Free RAdam, the authors' RAdamScheduleFree: as Schedule-Free AdamW, with lr multiplied by the rectification
 * of L. Liu et al., "On the variance of the adaptive learning rate and beyond" (ICLR 2020), in the place of a warm-up:
 *
 *     rho = rhoMax - 2 k beta2^k / (1 - beta2^k)                 rhoMax = 2 / (1 - beta2) - 1
 *     lr' = lr sqrt((rho - 4) (rho - 2) rhoMax / ((rhoMax - 4) (rhoMax - 2) rho))      for rho > 4, k from 1
 *
 * While rho <= 4, the first four steps for beta2 = 0.999, only v moves or, without `silentSgdPhase`, u = g + weightDecay
 * y with the full lr. lr is the size of a step in units of p. State: z and v.
 */
export const ScheduleFreeRAdam = /* @__PURE__ */ defineOptimizer({
  name: "ScheduleFreeRAdam",
  rule: "Schedule-Free AdamW with lr rectified as in RAdam",
  cites: "Defazio et al. 2024; Liu et al. 2020",
  options: {
    ...adamOptions,
    ...averaging,
    /** Whether parameters stay put until v has a variance; else those steps are of SGD. */
    silentSgdPhase: flag(true),
  },
  state: { z: {}, exp_avg_sq: {} },
  numbers,
  points: {
    training: "y",
    evaluation: "x",
    evaluate: { move: (context, span, { betas }) => evaluate(context, span, betas[0]), run: runElsewhere },
  },
  prepare(_context, groups) {
    for (const { options, numbers } of groups) {
      const rect = rectification(options.betas[1], numbers.k + 1) ?? (options.silentSgdPhase ? 0 : 1);
      average(numbers, options.lr * rect, options);
    }
  },
  update({ kernels }, { p: y, g, n, t, scale, state: { z, exp_avg_sq: v } }, { betas, eps, weightDecay }, numbers) {
    if (t === 1) kernels.copy(y, z, n);
    const [beta1, beta2] = betas;
    const { k, scheduled_lr: lr, ckp1: c } = numbers;
    const pull = pullOf(numbers, beta1);
    const gain2 = scale * Math.sqrt(1 - beta2);
    if (rectification(beta2, k) === undefined) {
      kernels.scheduleFreeWarmup(y, z, v, g, n, scale, weightDecay, beta2, gain2, c, pull, lr);
    } else {
      const root = Math.sqrt(1 - powi(beta2, t));
      kernels.scheduleFreeAdam(y, z, v, g, n, scale * root, weightDecay, beta2, gain2, eps * root, c, pull, lr);
    }
  },
});
export type ScheduleFreeRAdam = InstanceType<typeof ScheduleFreeRAdam>;
