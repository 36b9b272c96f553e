import { checkMethods, refuse } from "../../core/check.ts";
import type { OptimizerState } from "../../state/savedState.ts";
import type { StateDictOptions } from "../../state/stateful.ts";
import { checkGroups } from "../../tensor/groups.ts";
import type { Parameter } from "../../tensor/parameters.ts";
import type { StepOptions } from "./measure.ts";
import type { StepReport } from "./stepReport.ts";

/**
 * What takes steps: an optimizer, what goes round one, or an object of your own. `S` is its state: plain data and typed
 * arrays. It may be of another copy of this package, for whoever holds one only calls it.
 */
export interface Steppable<S = OptimizerState, R extends object = StepReport> {
  /** What it steps. */
  readonly groups: readonly {
    /** The parameters of the group. */
    readonly params: readonly Parameter[];
  }[];
  /** Updates applied so far. */
  readonly steps: number;
  /** Bytes of state. */
  readonly bytes: number;
  /** See `Stateful`. */
  readonly stateInPlace?: boolean;
  /** Applies one update. */
  step(options?: StepOptions): R;
  /** Sets the gradients to 0. */
  zeroGrad(): void;
  /** The state; with `copy: false` arrays may be views, good until anything is stepped or allocated. */
  stateDict(options?: StateDictOptions): S;
  /** Takes over a saved state; one that does not fit throws, and then nothing has changed. */
  loadStateDict(saved: S, options?: { strict?: boolean }): unknown;
  /** Gives memory back. */
  dispose(): void;
}

/** As much of it as adapters need: also a recipe, or an object that clips first. */
export type Stepping<R extends object = Partial<StepReport>> = Pick<Steppable<unknown, R>, "step"> &
  Partial<Pick<Steppable<unknown, R>, "groups" | "dispose">>;

const METHODS = ["step", "zeroGrad", "stateDict", "loadStateDict", "dispose"];

/** Refuses what lacks groups of parameters or any of these methods: all of them, unless some are given. */
export function checkSteppable(argument: string, value: unknown, methods: readonly string[] = METHODS): void {
  checkMethods(argument, value, methods, "an optimizer, or what has its groups and methods");
  checkGroups(`${argument}.groups`, (value as { groups?: unknown }).groups);
}

/** Refuses an option that is assigned to what steps: it would be kept there, and change nothing. */
export function refuseOption(key: string, value: unknown, groups = "groups"): never {
  refuse(key, value, `${groups}[0].${key} to be assigned`);
}
