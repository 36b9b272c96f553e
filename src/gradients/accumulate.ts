import type { Base } from "#wasm/kernels.js";
import { checkChoice, checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { advanced } from "../memory/elementType.ts";
import { StatefulShadow } from "../state/statefulShadow.ts";
import { setClipping } from "../tensor/gradientScale.ts";
import { type Parameter, type Selection, selected } from "../tensor/parameters.ts";

/** What went into an accumulated gradient. */
export interface Accumulated {
  /** How many were accumulated. */
  readonly microBatches: number;
  /** The sum of their weights. */
  readonly weight: number;
}

export interface GradientAccumulatorState extends Accumulated {
  /** What the gradients were reduced to. */
  readonly reduction: "mean" | "sum";
  /** The weighted sum so far, by parameter name. */
  readonly sum: Readonly<Record<string, Float32Array>>;
}

/**
 * Accumulates the gradients of micro-batches, so that one step sees a batch that would not fit in memory:
 *
 *     accumulate():  sum = sum + weight g;  g = 0               after each backward pass
 *     finish():      g = sum / (total weight), or sum;  sum = 0   before clipping and the step
 *
 * Both are one pass, over one arena besides the gradients, whatever the number of micro-batches. Since `accumulate`
 * leaves the gradients at 0, backward passes may add to them or overwrite them. With the mean loss of each micro-batch
 * and equal sizes, the result is the gradient of the mean loss over the whole batch, within one rounding for each
 * micro-batch; for micro-batches of several sizes, give their samples or tokens as weights. Sums run in the order of
 * the calls, element by element: the same calls give the same bits.
 *
 * A NaN or infinity in any micro-batch is in the result, and `nonFinite: "skip"` then leaves out the whole step; a
 * micro-batch of weight 0 is left out with all it holds. Frozen parameters are neither read nor written.
 */
export class GradientAccumulator {
  readonly #parameters: readonly Parameter[];
  readonly #reduction: "mean" | "sum";
  readonly #sum: StatefulShadow;
  #microBatches = 0;
  #weight = 0;

  constructor(params: Selection, options: { reduction?: "mean" | "sum" } = {}) {
    checkKeys("GradientAccumulator", options, ["reduction"]);
    const { reduction = "mean" } = options;
    checkChoice("reduction", reduction, ["mean", "sum"]);
    const parameters = selected("params", params);
    if (parameters.length === 0) refuse("params", params, "at least one parameter");
    // In memory order, so that neighbours share kernel calls.
    this.#parameters = [...parameters].sort((a, b) => a.gradient.pointer - b.gradient.pointer);
    this.#reduction = reduction;
    this.#sum = new StatefulShadow(this.#parameters);
  }

  /** Bytes of the arena. */
  get bytes(): number {
    return this.#sum.bytes;
  }

  /** What has been accumulated since `finish`. */
  get pending(): Accumulated {
    return { microBatches: this.#microBatches, weight: this.#weight };
  }

  /** Takes in the gradients and sets them to 0; forgets any pending clipping. */
  accumulate(options: { weight?: number } = {}): void {
    checkKeys("accumulate", options, ["weight"]);
    const { weight = 1 } = options;
    checkNumber("weight", weight, "[0, inf)");
    this.#forEachRun(({ accumulate, fill }, gradient, sum, n) => {
      if (weight === 0) fill(gradient, n, 0);
      else accumulate(gradient, sum, n, weight);
    });
    this.#microBatches++;
    this.#weight += weight;
    this.#forgetClipping();
  }

  /** Puts the mean or the sum in place of the gradients, and starts anew. */
  finish(): Accumulated {
    if (this.#microBatches === 0) refuse("finish", "no gradients", "accumulate() before it");
    const accumulated = this.pending;
    // Of weights that are all 0 the sum is 0 as well.
    const factor = this.#reduction === "mean" && this.#weight > 0 ? 1 / this.#weight : 1;
    this.#forEachRun(({ drain }, gradient, sum, n) => drain(sum, gradient, n, factor));
    // What was accumulated before a parameter was frozen.
    this.#clear(({ frozen }) => frozen);
    this.#forgetClipping();
    return accumulated;
  }

  /** Forgets what has been accumulated. The gradients stay as they are. */
  reset(): void {
    this.#clear(() => true);
  }

  /** A copy of what has been accumulated: a resumed run may go on between two micro-batches. */
  stateDict(): GradientAccumulatorState {
    return { ...this.pending, reduction: this.#reduction, sum: this.#sum.toArrays() };
  }

  /** Takes over a saved state; one that does not fit throws, and then nothing has changed. */
  loadStateDict(saved: GradientAccumulatorState): void {
    if (saved === null || typeof saved !== "object") refuse("state", saved, "what stateDict() returned");
    checkInteger("state.microBatches", saved.microBatches, "[0, inf)");
    checkNumber("state.weight", saved.weight, "[0, inf)");
    checkChoice("state.reduction", saved.reduction, [this.#reduction]);
    this.#sum.load("state.sum", saved.sum);
    this.#microBatches = saved.microBatches;
    this.#weight = saved.weight;
  }

  /** Frees the arena. Parameters are left alone. */
  dispose(): void {
    this.#sum.dispose();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #clear(which: (parameter: Parameter) => boolean): void {
    this.#sum.forEach((parameter, sum) => {
      if (which(parameter)) parameter.collection.engine.unchecked.fill(sum, parameter.size, 0);
    });
    this.#microBatches = 0;
    this.#weight = 0;
  }

  /** Visits the longest runs of neighbours that are not frozen: where gradients and sums start, and the elements. */
  #forEachRun(visit: (kernels: Base, gradient: number, sum: number, n: number) => void): void {
    const runs: { gradient: number; sum: number; n: number }[] = [];
    this.#sum.forEach(({ frozen, gradient: { pointer, size } }, sum) => {
      if (frozen) return;
      const run = runs.at(-1);
      const joins = run && advanced(run.gradient, run.n) === pointer && advanced(run.sum, run.n) === sum;
      if (joins) run.n += size;
      else runs.push({ gradient: pointer, sum, n: size });
    });
    const { unchecked } = this.#parameters[0]!.collection.engine;
    for (const { gradient, sum, n } of runs) visit(unchecked, gradient, sum, n);
  }

  #forgetClipping(): void {
    setClipping(this.#parameters, undefined);
  }
}
