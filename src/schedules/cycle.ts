/** Schedules that rise and fall, once or again and again. */
import { checkBoolean, checkChoice, checkInteger, checkKeys, checkNumber } from "../core/check.ts";
import { cosPi, pow, powi } from "../core/real.ts";
import { type NamedSchedule, named, settled, type Tail } from "./schedule.ts";

/** cos(pi x) for x in [0, 2]. */
function wave(x: number): number {
  return cosPi(x > 1 ? 2 - x : x);
}

/** From `high` to `low` along half a cosine. */
function fall(high: number, low: number, fraction: number): number {
  return low + ((high - low) * (1 + wave(fraction))) / 2;
}

/** The tail of what takes the same values, from `low` to `high`, again and again. */
function repeating(low: number, high: number): Tail {
  if (low === high) return settled(low);
  return Math.min(low, high) < 0 ? "negative" : "periodic";
}

/**
 * floor + (peak - floor) (1 + cos(pi step / tMax)) / 2 without an end, so that it rises again after `tMax` steps:
 * torch's CosineAnnealingLR. For a single fall see `cosine`.
 */
export function cosineAnnealing(options: { peak: number; tMax: number; floor?: number }): NamedSchedule {
  checkKeys("cosineAnnealing", options, ["peak", "tMax", "floor"]);
  const { peak, tMax, floor = 0 } = options;
  checkNumber("peak", peak, "(-inf, inf)");
  checkInteger("tMax", tMax, "[1, inf)");
  checkNumber("floor", floor, "(-inf, inf)");
  const traits = { horizon: 2 * tMax, tail: repeating(floor, peak) };
  return named("cosineAnnealing", [{ peak, tMax, floor }], traits, (step) =>
    fall(peak, floor, (step % (2 * tMax)) / tMax),
  );
}

/**
 * Falls from `peak` along a cosine and starts again, the first time after `t0` steps and each time after `tMult` times
 * as many: torch's CosineAnnealingWarmRestarts. I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with
 * warm restarts" (ICLR 2017).
 */
export function cosineWarmRestarts(options: {
  peak: number;
  t0: number;
  tMult?: number;
  floor?: number;
}): NamedSchedule {
  checkKeys("cosineWarmRestarts", options, ["peak", "t0", "tMult", "floor"]);
  const { peak, t0, tMult = 1, floor = 0 } = options;
  checkNumber("peak", peak, "(-inf, inf)");
  checkInteger("t0", t0, "[1, inf)");
  checkInteger("tMult", tMult, "[1, inf)");
  checkNumber("floor", floor, "(-inf, inf)");
  const traits = { horizon: tMult === 1 ? t0 : undefined, tail: repeating(floor, peak) };
  return named("cosineWarmRestarts", [{ peak, t0, tMult, floor }], traits, (step) => {
    let length = t0;
    let since = step;
    if (tMult === 1) since %= t0;
    else for (; since >= length; length *= tMult) since -= length;
    return fall(peak, floor, since / length);
  });
}

/** Options of `cyclic` and `cyclicMomentum`. */
export interface CyclicOptions {
  /** The lowest value. */
  base: number;
  /** The highest value. */
  max: number;
  /** Steps of a rise; 2000 unless it is given. */
  stepSizeUp?: number;
  /** Steps of a fall; those of a rise unless it is given. */
  stepSizeDown?: number;
  /** "triangular" unless it is given; "triangular2" halves the height each cycle, "exp_range" takes gamma^step of it. */
  mode?: "triangular" | "triangular2" | "exp_range";
  /** For "exp_range"; 1 unless it is given. */
  gamma?: number;
}

/** The height of the triangles at a step as a share of max - base, and what is known of it. */
function triangles(name: string, options: CyclicOptions) {
  checkKeys(name, options, ["base", "max", "stepSizeUp", "stepSizeDown", "mode", "gamma"]);
  const { base, max, stepSizeUp = 2000, stepSizeDown = stepSizeUp, mode = "triangular", gamma = 1 } = options;
  checkNumber("base", base, "(-inf, inf)");
  checkNumber("max", max, "(-inf, inf)");
  checkInteger("stepSizeUp", stepSizeUp, "[1, inf)");
  checkInteger("stepSizeDown", stepSizeDown, "[1, inf)");
  checkChoice("mode", mode, ["triangular", "triangular2", "exp_range"]);
  checkNumber("gamma", gamma, "(0, 1]");
  const length = stepSizeUp + stepSizeDown;
  const height = (step: number) => {
    const into = step % length;
    const share = into <= stepSizeUp ? into / stepSizeUp : (length - into) / stepSizeDown;
    if (mode === "triangular2") return share * powi(0.5, Math.floor(step / length));
    return mode === "exp_range" ? share * pow(gamma, step) : share;
  };
  const dying = mode === "triangular2" || (mode === "exp_range" && gamma < 1);
  const printed = { base, max, stepSizeUp, stepSizeDown, mode, gamma };
  return { height, dying, printed, horizon: dying ? undefined : length };
}

/**
 * From `base` in a straight line to `max` and back, again and again: torch's CyclicLR, with its defaults. L. N. Smith,
 * "Cyclical learning rates for training neural networks" (WACV 2017).
 */
export function cyclic(options: CyclicOptions): NamedSchedule {
  const { height, dying, printed, horizon } = triangles("cyclic", options);
  const { base, max } = printed;
  const tail = dying ? settled(base) : repeating(base, max);
  return named("cyclic", [printed], { horizon, tail }, (step) => base + (max - base) * height(step));
}

/** From `max` down to `base` while `cyclic` goes up: the momentum, or beta1, that torch's CyclicLR cycles beside it. */
export function cyclicMomentum(options: Partial<CyclicOptions>): NamedSchedule {
  checkKeys("cyclicMomentum", options, ["base", "max", "stepSizeUp", "stepSizeDown", "mode", "gamma"]);
  const { height, dying, printed, horizon } = triangles("cyclicMomentum", { base: 0.8, max: 0.9, ...options });
  const { base, max } = printed;
  const tail = dying ? settled(max) : repeating(base, max);
  return named("cyclicMomentum", [printed], { horizon, tail }, (step) => max - (max - base) * height(step));
}

/** The shape of a single cycle. */
export interface OneCycleShape {
  /** Steps of the cycle; the last value is reached at step total - 1 and kept, where torch would throw. */
  total: number;
  /** The share of it that rises; 0.3 unless it is given. */
  pctStart?: number;
  /** "cos" unless it is given. */
  annealStrategy?: "cos" | "linear";
  /** Whether the fall mirrors the rise and a third phase goes down to the end; false unless it is given. */
  threePhase?: boolean;
}

const SHAPE_KEYS = ["total", "pctStart", "annealStrategy", "threePhase"];

/** The shape with its defaults, and the value at a step on the way through `values`, one more than there are phases. */
function phases(options: OneCycleShape, values: (threePhase: boolean) => readonly number[]) {
  const { total, pctStart = 0.3, annealStrategy = "cos", threePhase = false } = options;
  checkInteger("total", total, "[1, inf)");
  checkBoolean("threePhase", threePhase);
  checkNumber("pctStart", pctStart, threePhase ? "[0, 0.5]" : "[0, 1]");
  checkChoice("annealStrategy", annealStrategy, ["cos", "linear"]);
  const stops = values(threePhase);
  const up = pctStart * total - 1;
  const ends = threePhase ? [up, 2 * pctStart * total - 2, total - 1] : [up, total - 1];
  const at = (step: number) => {
    const now = Math.min(step, total - 1);
    const found = ends.findIndex((end) => now <= end);
    const phase = found === -1 ? ends.length - 1 : found;
    const [begin, end] = [ends[phase - 1] ?? 0, ends[phase]!];
    const fraction = end > begin ? (now - begin) / (end - begin) : 1;
    const [from, to] = [stops[phase]!, stops[phase + 1]!];
    return annealStrategy === "cos" ? fall(from, to, fraction) : from + (to - from) * fraction;
  };
  const traits = { horizon: total - 1, tail: settled(stops.at(-1)!) };
  return { shape: { total, pctStart, annealStrategy, threePhase }, traits, at };
}

/**
 * From peak / divFactor up to `peak` and down to peak / (divFactor finalDivFactor): torch's OneCycleLR, with its
 * defaults. L. N. Smith and N. Topin, "Super-convergence" (2018).
 */
export function oneCycle(
  options: OneCycleShape & { peak: number; divFactor?: number; finalDivFactor?: number },
): NamedSchedule {
  checkKeys("oneCycle", options, ["peak", "divFactor", "finalDivFactor", ...SHAPE_KEYS]);
  const { peak, divFactor = 25, finalDivFactor = 1e4 } = options;
  checkNumber("peak", peak, "(-inf, inf)");
  checkNumber("divFactor", divFactor, "(0, inf)");
  checkNumber("finalDivFactor", finalDivFactor, "(0, inf)");
  const first = peak / divFactor;
  const last = first / finalDivFactor;
  const { shape, traits, at } = phases(options, (three) => (three ? [first, peak, first, last] : [first, peak, last]));
  return named("oneCycle", [{ peak, ...shape, divFactor, finalDivFactor }], traits, at);
}

/** From `max` down to `base` while `oneCycle` goes up, and back: the momentum, or beta1, that torch cycles beside it. */
export function oneCycleMomentum(options: OneCycleShape & { base?: number; max?: number }): NamedSchedule {
  checkKeys("oneCycleMomentum", options, ["base", "max", ...SHAPE_KEYS]);
  const { base = 0.85, max = 0.95 } = options;
  checkNumber("base", base, "(-inf, inf)");
  checkNumber("max", max, "(-inf, inf)");
  const { shape, traits, at } = phases(options, (three) => (three ? [max, base, max, max] : [max, base, max]));
  return named("oneCycleMomentum", [{ base, max, ...shape }], traits, at);
}
