/** Schedules that go from one value to another in a given number of steps, and what is built of them. */
import { checkChoice, checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { cosPi, pow } from "../core/real.ts";
import { checkSchedule, type NamedSchedule, named, type Schedule, settled, traitsOf } from "./schedule.ts";

/** How far `step` is from 0 to `total`, as a fraction in [0, 1]. */
function progress(step: number, total: number): number {
  return Math.min(step / total, 1);
}

function along(start: number, end: number, fraction: number): number {
  return start + (end - start) * fraction;
}

function alongCosine(peak: number, floor: number, fraction: number): number {
  return floor + ((peak - floor) * (1 + cosPi(fraction))) / 2;
}

/** From `start` in a straight line to `end`, reached at step `total` and kept: torch's LinearLR, with values. */
export function linear(options: { start: number; end: number; total: number }): NamedSchedule {
  checkKeys("linear", options, ["start", "end", "total"]);
  const { start, end, total } = options;
  checkNumber("start", start, "(-inf, inf)");
  checkNumber("end", end, "(-inf, inf)");
  checkInteger("total", total, "[1, inf)");
  return named("linear", [{ start, end, total }], { horizon: total, tail: settled(end) }, (step) =>
    along(start, end, progress(step, total)),
  );
}

/**
 * floor + (peak - floor) (1 + cos(pi step / total)) / 2, and `floor` from step `total` on. torch's CosineAnnealingLR
 * rises again: that is `cosineAnnealing`. I. Loshchilov and F. Hutter, "SGDR" (ICLR 2017), eq. 5.
 */
export function cosine(options: { peak: number; total: number; floor?: number }): NamedSchedule {
  checkKeys("cosine", options, ["peak", "total", "floor"]);
  const { peak, total, floor = 0 } = options;
  checkNumber("peak", peak, "(-inf, inf)");
  checkNumber("floor", floor, "(-inf, inf)");
  checkInteger("total", total, "[1, inf)");
  return named("cosine", [{ peak, total, floor }], { horizon: total, tail: settled(floor) }, (step) =>
    alongCosine(peak, floor, progress(step, total)),
  );
}

/** value (1 - step / total)^power, and 0 from step `total` on: torch's PolynomialLR, with its defaults. */
export function polynomial(options: { value: number; total?: number; power?: number }): NamedSchedule {
  checkKeys("polynomial", options, ["value", "total", "power"]);
  const { value, total = 5, power = 1 } = options;
  checkNumber("value", value, "(-inf, inf)");
  checkInteger("total", total, "[1, inf)");
  checkNumber("power", power, "(0, inf)");
  return named(
    "polynomial",
    [{ value, total, power }],
    { horizon: total, tail: "vanishing" },
    (step) => value * pow(1 - progress(step, total), power),
  );
}

/**
 * How warm-up counts. "(t+1)/w" takes a first step that is not 0 and reaches the peak at step w - 1; "t/w" starts at 0
 * and reaches it at step w; "(t+1)/(w+1)" does neither.
 */
export type WarmupConvention = "(t+1)/w" | "t/w" | "(t+1)/(w+1)";
const CONVENTIONS: readonly WarmupConvention[] = ["(t+1)/w", "t/w", "(t+1)/(w+1)"];

/**
 * How warm-up rises from a share `start` of the value to all of it: "linear", the gradual warm-up of P. Goyal et al.
 * (2017), section 2.2; "exponential", by equal factors, as in tensor2tensor; or "constant", not at all until it ends.
 */
export type WarmupShape = "linear" | "exponential" | "constant";
const STARTS: Readonly<Record<WarmupShape, number>> = { linear: 0, exponential: 0.01, constant: 0.1 };

/** Options of `warmup`. */
export interface WarmupOptions {
  /** "linear" unless it is given. */
  shape?: WarmupShape;
  /** The share of the value to start from: 0 for linear, 0.01 for exponential and 0.1 for constant, unless given. */
  start?: number;
  /** "(t+1)/w" unless it is given. */
  convention?: WarmupConvention;
}

/** `after` from its own step 0 at step `steps`, and shares of `after(0)` before. */
function rising(
  after: Schedule,
  steps: number,
  { shape = "linear", start = STARTS[shape], convention }: WarmupOptions,
) {
  const count = convention === "t/w" ? 0 : 1;
  const end = convention === "(t+1)/(w+1)" ? steps + 1 : steps;
  return (step: number) => {
    if (step >= steps) return after(step - steps);
    const value = after(0);
    if (shape === "constant") return value * start;
    if (shape === "exponential") return value * pow(start, 1 - (step + count) / end);
    return value * start + (value * (1 - start) * (step + count)) / end;
  };
}

/** The options that are not what they would be anyway: those that a schedule prints. */
function unusual({ shape, start, convention }: WarmupOptions) {
  return {
    shape: shape === "linear" ? undefined : shape,
    start: start === STARTS[shape ?? "linear"] ? undefined : start,
    convention: convention === "(t+1)/w" ? undefined : convention,
  };
}

/**
 * Warm-up for the first `warmup` steps, by default (step + 1) / warmup of `after(0)`, then `after` from its own step 0.
 * Any schedule can be warmed up, a plain function too.
 */
export function warmup(after: Schedule, steps: number, options?: WarmupOptions): NamedSchedule {
  checkSchedule("after", after);
  checkInteger("warmup", steps, "[0, inf)");
  const given = options === undefined ? {} : options;
  checkKeys("warmup", given, ["shape", "start", "convention"]);
  const { shape = "linear", start = STARTS[shape], convention = "(t+1)/w" } = given;
  checkChoice("shape", shape, ["linear", "exponential", "constant"]);
  checkNumber("start", start, shape === "exponential" ? "(0, 1]" : "[0, 1]");
  checkChoice("convention", convention, CONVENTIONS);
  const { horizon, tail } = traitsOf(after);
  const printed = unusual(given);
  const extra = Object.values(printed).some((option) => option !== undefined) ? [printed] : [];
  const traits = { horizon: horizon === undefined ? undefined : horizon + steps, tail };
  return named("warmup", [after, steps, ...extra], traits, rising(after, steps, { shape, start, convention }));
}

/** Options of a warm-up and a fall. */
export interface WarmedUpOptions {
  /** The value after the warm-up. */
  peak: number;
  /** Steps of the warm-up. */
  warmup: number;
  /** Steps of warm-up and fall together. */
  total: number;
  /** The value at the end; 0 unless it is given. */
  floor?: number;
  /** "(t+1)/w" unless it is given. */
  convention?: WarmupConvention;
}

/** Warm-up to `peak`, then `fall` for what is left. */
function warmedUp(
  name: string,
  options: WarmedUpOptions,
  fall: (options: Required<WarmedUpOptions>) => Schedule,
): NamedSchedule {
  checkKeys(name, options, ["peak", "warmup", "total", "floor", "convention"]);
  const { peak, warmup: steps, total, floor = 0, convention = "(t+1)/w" } = options;
  checkInteger("total", total, "[1, inf)");
  checkInteger("warmup", steps, `[0, ${total - 1}]`);
  checkChoice("convention", convention, CONVENTIONS);
  const after = fall({ peak, warmup: steps, total: total - steps, floor, convention });
  const printed = { peak, warmup: steps, total, floor, convention: unusual({ convention }).convention };
  const traits = { horizon: total, tail: settled(floor) };
  return named(name, [printed], traits, rising(after, steps, { convention }));
}

/** Linear warm-up to `peak`, then a cosine to `floor`, reached at step `total`. */
export function warmupCosine(options: WarmedUpOptions): NamedSchedule {
  return warmedUp("warmupCosine", options, ({ peak, total, floor }) => cosine({ peak, total, floor }));
}

/** Linear warm-up to `peak`, then a straight line to `floor`, reached at step `total`. */
export function warmupLinear(options: WarmedUpOptions): NamedSchedule {
  return warmedUp("warmupLinear", options, ({ peak, total, floor }) => linear({ start: peak, end: floor, total }));
}

/**
 * How a cool-down falls from v to `floor`, r being the share of its steps that have passed: "linear"; "cosine";
 * "1-sqrt", floor + (v - floor) (1 - sqrt r), which A. Hägele et al. (2024) found best; "1-square", the same with r^2;
 * "exponential", v (floor / v)^r; or "half-life", v 0.5^(steps / halfLife) but not below `floor`, MiniCPM's.
 */
export type CooldownShape = "linear" | "cosine" | "1-sqrt" | "1-square" | "exponential" | "half-life";

/** Options of `cooldown`. */
export interface CooldownOptions {
  /** Steps of the cool-down, after which the value stays. */
  steps: number;
  /** "1-sqrt" unless it is given. */
  shape?: CooldownShape;
  /** The value at the end; 0 unless it is given. */
  floor?: number;
  /** In steps, for the shape "half-life" alone. */
  halfLife?: number;
}

const FALLS: Readonly<Record<CooldownShape, (value: number, r: number, options: CooldownOptions) => number>> = {
  linear: (value, r, { floor = 0 }) => along(value, floor, r),
  cosine: (value, r, { floor = 0 }) => alongCosine(value, floor, r),
  "1-sqrt": (value, r, { floor = 0 }) => along(floor, value, 1 - Math.sqrt(r)),
  "1-square": (value, r, { floor = 0 }) => along(floor, value, 1 - r * r),
  exponential: (value, r, { floor = 0 }) => value * pow(floor / value, r),
  "half-life": (value, r, { floor = 0, steps, halfLife = steps }) =>
    Math.max(floor, value * pow(0.5, (r * steps) / halfLife)),
};
const SHAPES = Object.keys(FALLS) as CooldownShape[];

function checkCooldown({ steps, shape = "1-sqrt", floor = 0, halfLife }: CooldownOptions): void {
  checkInteger("steps", steps, "[1, inf)");
  checkChoice("shape", shape, SHAPES);
  checkNumber("floor", floor, shape === "exponential" ? "(0, inf)" : "(-inf, inf)");
  if (shape === "half-life") checkNumber("halfLife", halfLife, "(0, inf)");
  else if (halfLife !== undefined) refuse("halfLife", halfLife, 'none unless shape is "half-life"');
}

/** The tail of a cool-down from `value`, if that is known; one of half-lives does not get down to its floor. */
function cooled({ shape, floor = 0 }: CooldownOptions, value?: number) {
  if (shape !== "half-life" || floor > 0) return settled(floor);
  return value === undefined ? undefined : settled(Math.max(floor, value));
}

function falling(before: Schedule, at: number, options: CooldownOptions): Schedule {
  const fall = FALLS[options.shape ?? "1-sqrt"];
  return (step) => (step < at ? before(step) : fall(before(at), progress(step - at, options.steps), options));
}

/**
 * `before` up to step `at`, then a fall from `before(at)` to `floor`: the end of a run whose length was not known when
 * it began, from any of its checkpoints.
 */
export function cooldown(before: Schedule, options: CooldownOptions & { at: number }): NamedSchedule {
  checkSchedule("before", before);
  checkKeys("cooldown", options, ["at", "steps", "shape", "floor", "halfLife"]);
  const { at, steps, shape = "1-sqrt", floor = 0, halfLife } = options;
  checkInteger("at", at, "[0, inf)");
  checkCooldown(options);
  const traits = { horizon: at + steps, tail: cooled(options) };
  return named("cooldown", [before, { at, steps, shape, floor, halfLife }], traits, falling(before, at, options));
}

/**
 * Warm-up, stable, decay: linear warm-up to `peak`, `stable` steps there, and a cool-down of `decay` steps to `floor`.
 * S. Hu et al., "MiniCPM" (2024), section 4; A. Hägele et al., "Scaling laws and compute-optimal training beyond fixed
 * training durations" (NeurIPS 2024), section 3.
 */
export function wsd(
  options: Omit<CooldownOptions, "steps"> & {
    peak: number;
    warmup: number;
    stable: number;
    decay: number;
    convention?: WarmupConvention;
  },
): NamedSchedule {
  const keys = ["peak", "warmup", "stable", "decay", "shape", "floor", "halfLife", "convention"];
  checkKeys("wsd", options, keys);
  const { peak, warmup: steps, stable, decay, shape = "1-sqrt", floor = 0, halfLife, convention = "(t+1)/w" } = options;
  checkNumber("peak", peak, shape === "exponential" ? "(0, inf)" : "(-inf, inf)");
  checkInteger("warmup", steps, "[0, inf)");
  checkInteger("stable", stable, "[0, inf)");
  checkInteger("decay", decay, "[1, inf)");
  checkChoice("convention", convention, CONVENTIONS);
  const end = { steps: decay, shape, floor, ...(halfLife === undefined ? {} : { halfLife }) };
  checkCooldown(end);
  const at = steps + stable;
  const printed = {
    peak,
    warmup: steps,
    stable,
    decay,
    shape,
    floor,
    halfLife,
    convention: unusual({ convention }).convention,
  };
  const risen = rising(() => peak, steps, { convention });
  return named("wsd", [printed], { horizon: at + decay, tail: cooled(end, peak) }, falling(risen, at, end));
}

/**
 * Linear warm-up to `peak`, then peak sqrt(warmup / step). A. Vaswani et al., "Attention is all you need" (2017), eq. 3
 * without its model size, which is in `noam`.
 */
export function inverseSqrt(options: { peak: number; warmup: number; convention?: WarmupConvention }): NamedSchedule {
  checkKeys("inverseSqrt", options, ["peak", "warmup", "convention"]);
  const { peak, warmup: steps, convention = "(t+1)/w" } = options;
  checkNumber("peak", peak, "[0, inf)");
  checkInteger("warmup", steps, "[1, inf)");
  checkChoice("convention", convention, CONVENTIONS);
  const printed = { peak, warmup: steps, convention: unusual({ convention }).convention };
  const traits = { horizon: undefined, tail: peak === 0 ? settled(0) : { power: 0.5 } };
  const after = (step: number) => peak * Math.sqrt(steps / (steps + step));
  return named("inverseSqrt", [printed], traits, rising(after, steps, { convention }));
}
