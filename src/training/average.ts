import { checkFunction, checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { runElsewhere } from "../state/shadow.ts";
import type { StateDictOptions } from "../state/stateful.ts";
import { StatefulShadow } from "../state/statefulShadow.ts";
import { type Parameter, type Selection, selected } from "../tensor/parameters.ts";

/** An average as plain data, by parameter name. */
export interface AverageState {
  /** How often values have entered the average. */
  readonly updates: number;
  /** The averages by the name of the parameter. */
  readonly average: Readonly<Record<string, Float32Array>>;
}

/** A running average of the values of parameters, beside any optimizer. */
export class WeightAverage {
  /** See `Stateful`. */
  readonly stateInPlace = true;
  readonly #parameters: readonly Parameter[];
  readonly #average: StatefulShadow;
  readonly #weight: (updates: number) => number;
  #updates = 0;

  /** `weight(n)` is that of the newest values in the average, after `n` updates; the first update copies. */
  constructor(params: Selection, weight: (updates: number) => number) {
    checkFunction("weight", weight);
    this.#parameters = selected("params", params);
    if (this.#parameters.length === 0) refuse("params", params, "at least one parameter");
    this.#average = new StatefulShadow(this.#parameters);
    this.#weight = weight;
  }

  /** How often values have entered the average. */
  get updates(): number {
    return this.#updates;
  }

  /** Bytes of the average. */
  get bytes(): number {
    return this.#average.bytes;
  }

  /** Lets the values that the parameters have now enter the average. */
  update(): void {
    const weight = this.#updates === 0 ? 1 : this.#weight(this.#updates);
    if (weight === 1) this.#average.save();
    else {
      this.#average.forEach(({ collection, value, size }, average) => {
        collection.engine.unchecked.lerp(value.pointer, average, size, weight);
      });
    }
    this.#updates++;
  }

  /** Runs `fn` with the parameters at the average, and puts them back bit for bit; waits for a promise. */
  withEvalParams<T>(fn: () => T): T {
    checkFunction("fn", fn);
    if (this.#updates === 0) refuse("withEvalParams", 0, "at least one update before it");
    return runElsewhere(this.#parameters, () => this.#average.restore(), fn);
  }

  /** The state as plain data; see `Stateful`. */
  stateDict(options?: StateDictOptions): AverageState {
    return { updates: this.#updates, average: this.#average.toArrays(options) };
  }

  /** Takes over a saved average, which must have the same parameters; otherwise nothing changes. */
  loadStateDict(saved: AverageState): void {
    if (saved === null || typeof saved !== "object") refuse("state", saved, "what stateDict() returned");
    checkInteger("state.updates", saved.updates, `[0, ${Number.MAX_SAFE_INTEGER}]`);
    this.#average.load("average", saved.average);
    this.#updates = saved.updates;
  }

  /** Gives memory back. */
  dispose(): void {
    this.#average.dispose();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Exponential moving average of weights: average = decay average + (1 - decay) p at each update, starting from the
 * first values. B. T. Polyak and A. B. Juditsky (1992) average uniformly; this is the form of torch's
 * swa_utils.get_ema_multi_avg_fn, with its default decay.
 */
export class EMA extends WeightAverage {
  constructor(params: Selection, options: { decay?: number } = {}) {
    checkKeys("EMA", options, ["decay"]);
    const { decay = 0.999 } = options;
    checkNumber("decay", decay, "[0, 1]");
    super(params, () => 1 - decay);
  }
}

/**
 * Stochastic weight averaging: the mean of the values at all updates. P. Izmailov et al., "Averaging weights leads to
 * wider optima and better generalization" (UAI 2018), Algorithm 1.
 */
export class SWA extends WeightAverage {
  constructor(params: Selection) {
    super(params, (updates) => 1 / (updates + 1));
  }
}
