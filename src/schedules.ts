import { checkInteger, checkNumber } from "./check.ts";
import { cosPi, powi } from "./real.ts";

/** A hyperparameter as a pure function of the step: `schedule(0)` is used by the first update. */
export type Schedule = (step: number) => number;

/** The same value at every step. */
export function constant(value: number): Schedule {
  checkNumber("value", value, "(-inf, inf)");
  return () => value;
}

/** How far `step` is from 0 to `total`, as a fraction in [0, 1]. */
function progress(step: number, total: number): number {
  return Math.min(step / total, 1);
}

/** From `start` in a straight line to `end`, reached at step `total` and kept. */
export function linear({ start, end, total }: { start: number; end: number; total: number }): Schedule {
  checkNumber("start", start, "(-inf, inf)");
  checkNumber("end", end, "(-inf, inf)");
  checkInteger("total", total, "[1, inf)");
  return (step) => start + (end - start) * progress(step, total);
}

/** value gamma^step */
export function exponential({ value, gamma }: { value: number; gamma: number }): Schedule {
  checkNumber("value", value, "(-inf, inf)");
  checkNumber("gamma", gamma, "(0, inf)");
  return (step) => value * powi(gamma, step);
}

/** value gamma^floor(step / every) */
export function stepDecay({ value, gamma, every }: { value: number; gamma: number; every: number }): Schedule {
  checkInteger("every", every, "[1, inf)");
  const decay = exponential({ value, gamma });
  return (step) => decay(Math.floor(step / every));
}

/** floor + (peak - floor) (1 + cos(pi step / total)) / 2, and `floor` from step `total` on. */
export function cosine({ peak, total, floor = 0 }: { peak: number; total: number; floor?: number }): Schedule {
  checkNumber("peak", peak, "(-inf, inf)");
  checkNumber("floor", floor, "(-inf, inf)");
  checkInteger("total", total, "[1, inf)");
  return (step) => floor + ((peak - floor) * (1 + cosPi(progress(step, total)))) / 2;
}

/** (step + 1) / warmup of `after(0)` for the first `warmup` steps, then `after` from its own step 0. */
export function warmup(after: Schedule, steps: number): Schedule {
  checkInteger("warmup", steps, "[0, inf)");
  return (step) => (step < steps ? (after(0) * (step + 1)) / steps : after(step - steps));
}

/** Linear warm-up to `peak`, then a cosine to `floor`, reached at step `total`. */
export function warmupCosine(options: { peak: number; warmup: number; total: number; floor?: number }): Schedule {
  const { peak, warmup: steps, total, floor = 0 } = options;
  checkInteger("total", total, "[1, inf)");
  checkInteger("warmup", steps, `[0, ${total - 1}]`);
  return warmup(cosine({ peak, total: total - steps, floor }), steps);
}

/** Linear warm-up to `peak`, then a straight line to `floor`, reached at step `total`. */
export function warmupLinear(options: { peak: number; warmup: number; total: number; floor?: number }): Schedule {
  const { peak, warmup: steps, total, floor = 0 } = options;
  checkInteger("total", total, "[1, inf)");
  checkInteger("warmup", steps, `[0, ${total - 1}]`);
  return warmup(linear({ start: peak, end: floor, total: total - steps }), steps);
}
