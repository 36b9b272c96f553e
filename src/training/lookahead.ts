import { checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import type { StepOptions } from "../optim/define/measure.ts";
import { checkSteppable, refuseOption, type Steppable } from "../optim/define/steppable.ts";
import type { StepReport } from "../optim/define/stepReport.ts";
import type { OptimizerState } from "../state/savedState.ts";
import type { StateDictOptions } from "../state/stateful.ts";
import { StatefulShadow } from "../state/statefulShadow.ts";

/** What `Lookahead` needs to go on. */
export interface LookaheadState<S = OptimizerState> {
  /** The state of the optimizer inside. */
  readonly inner: S;
  /** Inner steps since the slow weights last moved. */
  readonly since: number;
  /** The slow weights by the name of the parameter. */
  readonly slow: Readonly<Record<string, Float32Array>>;
}

/**
 * k steps forward, one step back: after every `k` applied steps of the inner optimizer,
 *
 *     slow = slow + alpha (p - slow);  p = slow
 *
 * M. R. Zhang et al., "Lookahead optimizer: k steps forward, 1 step back" (NeurIPS 2019), Algorithm 1. The slow weights
 * start as the values at construction; the inner optimizer keeps its own state across the step back.
 */
export class Lookahead<S = OptimizerState> implements Steppable<LookaheadState<S>> {
  /** The optimizer that takes the steps. */
  readonly inner: Steppable<S>;
  readonly #k: number;
  readonly #alpha: number;
  readonly #slow: StatefulShadow;
  #since = 0;

  constructor(inner: Steppable<S>, options: { k?: number; alpha?: number } = {}) {
    checkKeys("Lookahead", options, ["k", "alpha"]);
    const { k = 5, alpha = 0.5 } = options;
    checkInteger("k", k, "[1, inf)");
    checkNumber("alpha", alpha, "[0, 1]");
    checkSteppable("inner", inner);
    this.inner = inner;
    this.#k = k;
    this.#alpha = alpha;
    this.#slow = new StatefulShadow(inner.groups.flatMap(({ params }) => params));
    this.#slow.save();
  }

  /** The groups of the optimizer inside. */
  get groups(): Steppable["groups"] {
    return this.inner.groups;
  }

  /** @internal Refused: it is an option of groups. */
  set lr(value: never) {
    refuseOption("lr", value);
  }

  /** Updates of the inner optimizer so far. */
  get steps(): number {
    return this.inner.steps;
  }

  /** Bytes of the inner state and of the slow weights. */
  get bytes(): number {
    return this.inner.bytes + this.#slow.bytes;
  }

  /** As with the inner optimizer. */
  get stateInPlace(): boolean {
    return this.inner.stateInPlace ?? false;
  }

  /** One inner step, which is what is reported, and every `k`th time the step back. */
  step(options?: StepOptions): StepReport {
    const report = this.inner.step(options);
    if (report.applied && ++this.#since === this.#k) {
      this.#since = 0;
      this.#slow.forEach(({ collection, value, size }, slow) => {
        collection.engine.unchecked.lerp(value.pointer, slow, size, this.#alpha);
      });
      this.#slow.restore();
    }
    return report;
  }

  /** Sets the gradients to 0, as the optimizer inside does. */
  zeroGrad(): void {
    this.inner.zeroGrad();
  }

  /** The state as plain data; see `Stateful`. */
  stateDict(options?: StateDictOptions): LookaheadState<S> {
    return { inner: this.inner.stateDict(options), since: this.#since, slow: this.#slow.toArrays(options) };
  }

  /**
   * Takes over a saved state; one that does not fit throws, and then nothing has changed. `strict` is for the optimizer
   * inside, whose report is returned; the slow weights must be those of the same parameters.
   */
  loadStateDict(saved: LookaheadState<S>, options?: { strict?: boolean }): unknown {
    if (saved === null || typeof saved !== "object") refuse("state", saved, "what stateDict() returned");
    checkInteger("state.since", saved.since, `[0, ${this.#k - 1}]`);
    this.#slow.check("slow", saved.slow);
    const report = this.inner.loadStateDict(saved.inner, options);
    this.#slow.load("slow", saved.slow);
    this.#since = saved.since;
    return report;
  }

  /** Frees the slow weights and the inner optimizer. */
  dispose(): void {
    this.#slow.dispose();
    this.inner.dispose();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
