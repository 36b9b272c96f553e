/** What becomes of hyperparameters when the batch size changes. */
import { checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";

/** A learning rate that suits one batch size, and another batch size. */
export interface BatchScaling {
  /** The learning rate that suits batches of `baseBatch`. */
  lr: number;
  /** The batch size that `lr` suits. */
  baseBatch: number;
  /** The batch size to scale it to. */
  batch: number;
}

function ratio(name: string, options: BatchScaling, more: readonly string[] = []): number {
  checkKeys(name, options, ["lr", "baseBatch", "batch", ...more]);
  checkNumber("lr", options.lr, "[0, inf)");
  checkInteger("baseBatch", options.baseBatch, "[1, inf)");
  checkInteger("batch", options.batch, "[1, inf)");
  return options.batch / options.baseBatch;
}

/** lr batch / baseBatch, for SGD. P. Goyal et al., "Accurate, large minibatch SGD" (2017), section 2.1. */
export function linearScaling(options: BatchScaling): number {
  return ratio("linearScaling", options) * options.lr;
}

/**
 * lr sqrt(batch / baseBatch), which keeps the variance of an SGD step. A. Krizhevsky, "One weird trick for parallelizing
 * convolutional neural networks" (2014), section 5.
 */
export function sqrtScaling(options: BatchScaling): number {
  return Math.sqrt(ratio("sqrtScaling", options)) * options.lr;
}

/** The hyperparameters of Adam that change with the batch size. */
export interface AdamScaling {
  /** The learning rate. */
  lr: number;
  /** The decay rates of both moments. */
  betas: readonly [number, number];
  /** What is added to the root of the second. */
  eps: number;
}

/**
 * The square root rule for Adam and AdamW: with k = batch / baseBatch, lr sqrt(k), 1 - k (1 - beta) for both betas, and
 * eps / sqrt(k). Refuses a k for which a beta would be negative: the rule does not reach so far. S. Malladi et al., "On
 * the SDEs and scaling rules for adaptive gradient algorithms" (NeurIPS 2022), section 5.
 */
export function adamScaling(options: BatchScaling & AdamScaling): AdamScaling {
  const k = ratio("adamScaling", options, ["betas", "eps"]);
  const { lr, betas, eps, batch } = options;
  if (!Array.isArray(betas) || betas.length !== 2) refuse("betas", betas, "a pair of numbers in [0, 1)");
  for (const [i, beta] of betas.entries()) checkNumber(`betas[${i}]`, beta, "[0, 1)");
  checkNumber("eps", eps, "[0, inf)");
  const most = options.baseBatch / (1 - Math.min(...betas));
  const [beta1, beta2] = betas.map((beta) => 1 - k * (1 - beta)) as [number, number];
  if (Math.min(beta1, beta2) < 0) refuse("batch", batch, `at most ${Math.floor(most)} with these betas`);
  return { lr: lr * Math.sqrt(k), betas: [beta1, beta2], eps: eps / Math.sqrt(k) };
}
