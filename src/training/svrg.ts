import { checkChoice, checkFunction, checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { StatefulShadow } from "../state/statefulShadow.ts";
import { type Parameter, type Selection, selected } from "../tensor/parameters.ts";
import { Random } from "../tensor/random.ts";

/** The mean of a loss over samples, as its gradients. */
export interface FiniteSum {
  /** How many samples there are. */
  readonly samples: number;
  /** Writes the mean gradient over the samples at these positions, at the parameters' values, into their gradients. */
  gradient(positions: readonly number[]): void;
}

/** Options of `SVRG`. */
export interface SVRGOptions {
  /** The step size, in units of p / g; 0.01 unless it is given. */
  lr?: number;
  /** Inner steps of an epoch; twice the number of samples unless it is given, as the paper suggests. */
  innerSteps?: number;
  /** Terms in a batch; 1 unless it is given. */
  batchSize?: number;
  /** Where an epoch ends: the paper's option I (last), option II (random), or the mean of the inner iterates. */
  outerUpdate?: "last" | "random" | "average";
  /** Decides which samples are drawn, and which iterate option II takes. */
  seed?: number;
  /** The positions of the batch of an inner step, in place of those that the seed gives. */
  batch?: (epoch: number, step: number) => readonly number[];
  /** After which inner step, from 0, option II takes the values, in place of the one that the seed gives. */
  pick?: (epoch: number) => number;
}

/**
 * Stochastic variance-reduced gradient. An epoch starts at a snapshot w with the full gradient u there, and takes
 *
 *     p = p - lr (grad_B(p) - grad_B(w) + u)          for innerSteps batches B drawn with replacement
 *
 * R. Johnson and T. Zhang, "Accelerating stochastic gradient descent using predictive variance reduction" (NIPS 2013),
 * Figure 1. Option II draws among the outcomes of the inner steps, where the figure draws among their starts: an epoch
 * then never ends where it began. lr has the unit of p / g.
 */
export class SVRG {
  readonly #parameters: readonly Parameter[];
  readonly #options: Required<Pick<SVRGOptions, "lr" | "batchSize" | "outerUpdate" | "seed">> & SVRGOptions;
  readonly #snapshot: StatefulShadow;
  /** Values while the snapshot is in their place. */
  readonly #current: StatefulShadow;
  /** The full gradient at the snapshot. */
  readonly #full: StatefulShadow;
  /** The gradient of a batch at the current values. */
  readonly #batch: StatefulShadow;
  /** The iterate to end at, where it is not the last. */
  readonly #result: StatefulShadow | undefined;
  #epochs = 0;

  constructor(params: Selection, options: SVRGOptions = {}) {
    checkKeys("SVRG", options, ["lr", "innerSteps", "batchSize", "outerUpdate", "seed", "batch", "pick"]);
    const { lr = 0.01, innerSteps, batchSize = 1, outerUpdate = "last", seed = 0, batch, pick } = options;
    checkNumber("lr", lr, "[0, inf)");
    if (innerSteps !== undefined) checkInteger("innerSteps", innerSteps, "[1, inf)");
    checkInteger("batchSize", batchSize, "[1, inf)");
    checkChoice("outerUpdate", outerUpdate, ["last", "random", "average"]);
    checkInteger("seed", seed, `[0, ${Number.MAX_SAFE_INTEGER}]`);
    if (batch !== undefined) checkFunction("batch", batch);
    if (pick !== undefined) checkFunction("pick", pick);
    this.#parameters = selected("params", params);
    if (this.#parameters.length === 0) refuse("params", params, "at least one parameter");
    this.#options = { ...options, lr, batchSize, outerUpdate, seed };
    const made: StatefulShadow[] = [];
    const shadow = () => {
      made.push(new StatefulShadow(this.#parameters));
      return made.at(-1)!;
    };
    try {
      this.#snapshot = shadow();
      this.#current = shadow();
      this.#full = shadow();
      this.#batch = shadow();
      this.#result = outerUpdate === "last" ? undefined : shadow();
    } catch (error) {
      for (const one of made) one.dispose();
      throw error;
    }
  }

  /** Epochs run so far, and so full gradients taken. */
  get epochs(): number {
    return this.#epochs;
  }

  set epochs(epochs: number) {
    checkInteger("epochs", epochs, "[0, inf)");
    this.#epochs = epochs;
  }

  /** All that the next epoch depends on besides the values and the options: save it between epochs. */
  stateDict(): { readonly epochs: number } {
    return { epochs: this.#epochs };
  }

  /** Takes over a saved state; one that does not fit throws, and then nothing has changed. */
  loadStateDict(saved: { readonly epochs: number }): void {
    this.epochs = saved?.epochs;
  }

  /** Bytes of the copies that it keeps. */
  get bytes(): number {
    return this.#shadows().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** One epoch. Ends with the parameters at the next snapshot. */
  epoch(sum: FiniteSum): void {
    if (sum === null || typeof sum !== "object") refuse("sum", sum, "{ samples, gradient }");
    const { samples } = sum;
    checkFunction("gradient", sum.gradient);
    const gradient = (positions: readonly number[]) => sum.gradient(positions);
    checkInteger("samples", samples, "[1, 4294967296]");
    const { innerSteps = 2 * samples, batchSize, outerUpdate, seed } = this.#options;
    const random = new Random(seed, `svrg epoch ${this.#epochs}`);
    const picked = this.#options.pick?.(this.#epochs) ?? random.below(innerSteps);
    const batchAt = this.#options.batch ?? (() => Array.from({ length: batchSize }, () => random.below(samples)));
    this.#snapshot.save();
    gradient(Array.from({ length: samples }, (_, i) => i));
    this.#full.saveGradients();
    for (let step = 0; step < innerSteps; step++) {
      this.#innerStep(gradient, batchAt(this.#epochs, step));
      if (outerUpdate === "random" && step === picked) this.#result?.save();
      if (outerUpdate === "average") this.#average(step);
    }
    this.#result?.restore();
    this.#epochs++;
  }

  #innerStep(gradient: FiniteSum["gradient"], positions: readonly number[]): void {
    gradient(positions);
    this.#batch.saveGradients();
    this.#current.save();
    this.#snapshot.restore();
    gradient(positions);
    this.#current.restore();
    const { lr } = this.#options;
    const batch = this.#batch.pointers();
    const full = this.#full.pointers();
    for (const [i, { collection, value, gradient: atSnapshot, size, frozen }] of this.#parameters.entries()) {
      if (frozen) continue;
      collection.engine.unchecked.svrg(value.pointer, batch[i]!, atSnapshot.pointer, full[i]!, size, lr);
    }
  }

  /** Lets the iterate after inner step `step` enter the mean. */
  #average(step: number): void {
    if (step === 0) this.#result?.save();
    else {
      this.#result?.forEach(({ collection, value, size }, mean) => {
        collection.engine.unchecked.lerp(value.pointer, mean, size, 1 / (step + 1));
      });
    }
  }

  #shadows(): StatefulShadow[] {
    return [this.#snapshot, this.#current, this.#full, this.#batch, ...(this.#result ? [this.#result] : [])];
  }

  /** Gives memory back. */
  dispose(): void {
    for (const shadow of this.#shadows()) shadow.dispose();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
