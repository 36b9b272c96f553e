/** A schedule that depends on what training measures. */
import { checkChoice, checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { type NamedSchedule, named } from "./schedule.ts";

/** A plateau schedule as plain data. */
export interface PlateauState {
  /** The value now. */
  readonly value: number;
  /** The best metric so far; null before there is one. */
  readonly best: number | null;
  /** Metrics in a row that were not better. */
  readonly bad: number;
  /** Metrics that are still not to be counted. */
  readonly cooldown: number;
}

/** A schedule that falls when a metric stops getting better. Its value changes by `observe` alone, not by the step. */
export interface PlateauSchedule extends NamedSchedule {
  /** Takes note of a metric, such as the held-out loss after an epoch, and returns the value from then on. */
  observe(metric: number): number;
  /** The state as plain data; see `Stateful`. */
  stateDict(): PlateauState;
  /** Takes over a saved state; one that does not fit throws, and then nothing has changed. */
  loadStateDict(saved: PlateauState): void;
}

/** Options of `plateau`. */
export interface PlateauOptions {
  /** The value to start from. */
  value: number;
  /** Whether a metric should fall or rise; "min" unless it is given. */
  mode?: "min" | "max";
  /** What the value is multiplied by; 0.1 unless it is given. */
  factor?: number;
  /** Metrics in a row that may be no better; one more reduces the value. 10 unless it is given. */
  patience?: number;
  /** By how much a metric must be better to count; 1e-4 unless it is given. */
  threshold?: number;
  /** Whether that is a share of the best or a difference from it; "rel" unless it is given. */
  thresholdMode?: "rel" | "abs";
  /** Metrics after a reduction that do not count as bad; 0 unless it is given. */
  cooldown?: number;
  /** The least value; 0 unless it is given. */
  floor?: number;
  /** A reduction by no more than this is left out; 1e-8 unless it is given. */
  eps?: number;
}

/**
 * `value` times `factor` each time more than `patience` metrics in a row were not better than the best: torch's
 * ReduceLROnPlateau, with its defaults. A metric that is NaN is not better. Its state is its own and not in that of an
 * optimizer: save and load both.
 */
export function reduceOnPlateau(options: PlateauOptions): PlateauSchedule {
  const settings = withDefaults(options);
  const { mode, factor, patience, threshold, thresholdMode, cooldown, floor, eps } = settings;
  let state: PlateauState = { value: settings.value, best: null, bad: 0, cooldown: 0 };

  const sign = mode === "min" ? -1 : 1;
  const better = (metric: number) => {
    const best = state.best ?? -sign * Infinity;
    const bar = thresholdMode === "rel" ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === "min" ? metric < bar : metric > bar;
  };

  const methods = {
    observe(metric: number): number {
      if (typeof metric !== "number") refuse("metric", metric, "a number");
      const improved = better(metric);
      const waiting = state.cooldown > 0;
      const bad = improved || waiting ? 0 : state.bad + 1;
      const best = improved ? metric : state.best;
      if (bad <= patience) state = { ...state, best, bad, cooldown: waiting ? state.cooldown - 1 : 0 };
      else {
        const reduced = Math.max(state.value * factor, floor);
        state = { value: state.value - reduced > eps ? reduced : state.value, best, bad: 0, cooldown };
      }
      return state.value;
    },
    stateDict: () => state,
    loadStateDict(saved: PlateauState): void {
      if (saved === null || typeof saved !== "object") refuse("state", saved, "what stateDict() returned");
      const { value, best, bad, cooldown: left } = saved;
      checkNumber("state.value", value, "(-inf, inf)");
      if (best !== null) checkNumber("state.best", best, "[-inf, inf]");
      checkInteger("state.bad", bad, "[0, inf)");
      checkInteger("state.cooldown", left, "[0, inf)");
      state = { value, best, bad, cooldown: left };
    },
  };
  const traits = { horizon: undefined, tail: undefined };
  return Object.assign(
    named("reduceOnPlateau", [settings], traits, () => state.value),
    methods,
  );
}

function withDefaults(options: PlateauOptions): Required<PlateauOptions> {
  const defaults = {
    mode: "min",
    factor: 0.1,
    patience: 10,
    threshold: 1e-4,
    thresholdMode: "rel",
    cooldown: 0,
    floor: 0,
    eps: 1e-8,
  } as const;
  checkKeys("reduceOnPlateau", options, ["value", ...Object.keys(defaults)]);
  const settings = { ...defaults, ...options };
  checkNumber("value", settings.value, "(-inf, inf)");
  checkChoice("mode", settings.mode, ["min", "max"]);
  checkNumber("factor", settings.factor, "[0, 1)");
  checkInteger("patience", settings.patience, "[0, inf)");
  checkNumber("threshold", settings.threshold, "[0, inf)");
  checkChoice("thresholdMode", settings.thresholdMode, ["rel", "abs"]);
  checkInteger("cooldown", settings.cooldown, "[0, inf)");
  checkNumber("floor", settings.floor, "(-inf, inf)");
  checkNumber("eps", settings.eps, "[0, inf)");
  return settings;
}
