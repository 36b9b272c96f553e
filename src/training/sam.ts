import { checkFunction, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { normsChoice, type StepOptions } from "../optim/define/measure.ts";
import { checkSteppable, refuseOption, type Steppable } from "../optim/define/steppable.ts";
import type { StepReport } from "../optim/define/stepReport.ts";
import { StatefulShadow } from "../state/statefulShadow.ts";
import type { Parameter } from "../tensor/parameters.ts";

/**
 * Sharpness-aware minimisation. For each step, with gradients at p in place,
 *
 *     ascend():  p = p + rho g / (||g|| + 1e-12)      then take the gradients again, there
 *     step():    p goes back bit for bit, and the base optimizer steps with the new gradients
 *
 * P. Foret et al., "Sharpness-aware minimization for efficiently improving generalization" (ICLR 2021), Algorithm 1
 * with p = 2; the norm is over all parameters together, and the 1e-12 is that of the authors' code. `stepWith` does
 * both for gradients that a function computes.
 */
export class SAM {
  /** The optimizer that takes the steps. */
  readonly base: Pick<Steppable<unknown>, "groups" | "step">;
  readonly #rho: number;
  readonly #parameters: readonly Parameter[];
  readonly #home: StatefulShadow;
  #ascended = false;

  constructor(base: SAM["base"], options: { rho?: number } = {}) {
    checkKeys("SAM", options, ["rho"]);
    const { rho = 0.05 } = options;
    checkNumber("rho", rho, "[0, inf)");
    checkSteppable("base", base, ["step"]);
    this.base = base;
    this.#rho = rho;
    this.#parameters = base.groups.flatMap(({ params }) => params);
    this.#home = new StatefulShadow(this.#parameters);
  }

  /** @internal Refused: it is an option of groups. */
  set lr(value: never) {
    refuseOption("lr", value, "base.groups");
  }

  /** Bytes kept for the way back. */
  get bytes(): number {
    return this.#home.bytes;
  }

  /** Moves to the worst point nearby, and returns the gradient norm. */
  ascend(): number {
    if (this.#ascended) refuse("ascend", "a second call", "step() before it");
    const trained = this.#parameters.filter(({ frozen }) => !frozen);
    const { axpy, sumSquares } = this.#parameters[0]!.collection.engine.unchecked;
    const norm = Math.sqrt(trained.reduce((sum, { gradient, size }) => sum + sumSquares(gradient.pointer, size), 0));
    this.#home.save();
    this.#ascended = true;
    for (const { gradient, value, size } of trained) {
      axpy(gradient.pointer, value.pointer, size, this.#rho / (norm + 1e-12));
    }
    return norm;
  }

  /** Goes back and takes the step. */
  step(options?: StepOptions): StepReport {
    if (!this.#ascended) refuse("step", "no ascent", "ascend() before it");
    if (options !== undefined) normsChoice(options);
    this.#home.restore();
    this.#ascended = false;
    return this.base.step(options);
  }

  /** Takes gradients with `fn`, ascends, takes them again, and steps. Goes back if `fn` throws. */
  stepWith(fn: () => void, options?: StepOptions): StepReport {
    checkFunction("fn", fn);
    if (options !== undefined) normsChoice(options);
    fn();
    this.ascend();
    try {
      fn();
    } catch (error) {
      this.#home.restore();
      this.#ascended = false;
      throw error;
    }
    return this.step(options);
  }

  /** Gives memory back; the base optimizer stays. */
  dispose(): void {
    this.#home.dispose();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
