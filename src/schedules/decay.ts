/** Schedules that multiply a value by something, for as long as training lasts. */
import { checkInteger, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { pow, powi } from "../core/real.ts";
import { checkSchedule, type NamedSchedule, named, type Schedule, settled, type Tail } from "./schedule.ts";

/** The same value at every step. */
export function constant(value: number): NamedSchedule {
  checkNumber("value", value, "(-inf, inf)");
  return named("constant", [value], { horizon: 0, tail: settled(value) }, () => value);
}

/** value factor(step), for any function: torch's LambdaLR. A plain function of the step is a schedule as well. */
export function lambda(options: { value: number; factor: Schedule }): NamedSchedule {
  checkKeys("lambda", options, ["value", "factor"]);
  const { value, factor } = options;
  checkNumber("value", value, "(-inf, inf)");
  checkSchedule("factor", factor);
  return named("lambda", [{ value, factor }], { horizon: undefined, tail: undefined }, (step) => value * factor(step));
}

/**
 * value factor(1) factor(2) ... factor(step): torch's MultiplicativeLR. The product is taken from the left whichever
 * steps are asked for; asking for the steps of a run in order costs one multiplication each, going back starts over.
 */
export function multiplicative(options: { value: number; factor: Schedule }): NamedSchedule {
  checkKeys("multiplicative", options, ["value", "factor"]);
  const { value, factor } = options;
  checkNumber("value", value, "(-inf, inf)");
  checkSchedule("factor", factor);
  let reached = 0;
  let product = value;
  return named("multiplicative", [{ value, factor }], { horizon: undefined, tail: undefined }, (step) => {
    const last = Math.floor(step);
    if (last < reached) [reached, product] = [0, value];
    for (; reached < last; reached++) product *= factor(reached + 1);
    return product;
  });
}

function geometric(value: number, gamma: number): Tail {
  if (gamma === 1 || value <= 0) return settled(value);
  return gamma < 1 ? "vanishing" : "growing";
}

/** value gamma^step: torch's ExponentialLR. */
export function exponential(options: { value: number; gamma: number }): NamedSchedule {
  checkKeys("exponential", options, ["value", "gamma"]);
  const { value, gamma } = options;
  checkNumber("value", value, "(-inf, inf)");
  checkNumber("gamma", gamma, "(0, inf)");
  const traits = { horizon: undefined, tail: geometric(value, gamma) };
  return named("exponential", [{ value, gamma }], traits, (step) => value * pow(gamma, step));
}

/** value gamma^floor(step / every): torch's StepLR. */
export function stepDecay(options: { value: number; gamma: number; every: number }): NamedSchedule {
  checkKeys("stepDecay", options, ["value", "gamma", "every"]);
  const { value, gamma, every } = options;
  checkNumber("value", value, "(-inf, inf)");
  checkNumber("gamma", gamma, "(0, inf)");
  checkInteger("every", every, "[1, inf)");
  const traits = { horizon: undefined, tail: geometric(value, gamma) };
  return named("stepDecay", [{ value, gamma, every }], traits, (step) => value * powi(gamma, Math.floor(step / every)));
}

/** `value` times gamma for each milestone that has been reached: torch's MultiStepLR. One named twice counts twice. */
export function multiStep(options: { value: number; gamma?: number; milestones: readonly number[] }): NamedSchedule {
  checkKeys("multiStep", options, ["value", "gamma", "milestones"]);
  const { value, gamma = 0.1, milestones } = options;
  checkNumber("value", value, "(-inf, inf)");
  checkNumber("gamma", gamma, "[0, inf)");
  if (!Array.isArray(milestones)) refuse("milestones", milestones, "a list of steps");
  for (const [i, milestone] of milestones.entries()) checkInteger(`milestones[${i}]`, milestone, "[0, inf)");
  const own = [...milestones];
  const traits = { horizon: Math.max(0, ...own), tail: settled(value * powi(gamma, own.length)) };
  return named("multiStep", [{ value, gamma, milestones: own }], traits, (step) => {
    const reached = own.filter((milestone) => milestone <= step).length;
    return value * powi(gamma, reached);
  });
}

/** value factor for `total` steps, then `value`: torch's ConstantLR, with its defaults. */
export function constantFactor(options: { value: number; factor?: number; total?: number }): NamedSchedule {
  checkKeys("constantFactor", options, ["value", "factor", "total"]);
  const { value, factor = 1 / 3, total = 5 } = options;
  checkNumber("value", value, "(-inf, inf)");
  checkNumber("factor", factor, "[0, 1]");
  checkInteger("total", total, "[0, inf)");
  const traits = { horizon: total, tail: settled(value) };
  return named("constantFactor", [{ value, factor, total }], traits, (step) => (step < total ? value * factor : value));
}

/**
 * eta / (step + t0)^power: eta/t with the defaults. The sum over all steps is infinite and that of squares finite,
 * as H. Robbins and S. Monro (1951) ask, for a power in (1/2, 1].
 */
export function inversePower(options: { eta: number; t0?: number; power?: number }): NamedSchedule {
  checkKeys("inversePower", options, ["eta", "t0", "power"]);
  const { eta, t0 = 1, power = 1 } = options;
  checkNumber("eta", eta, "[0, inf)");
  checkNumber("t0", t0, "(0, inf)");
  checkNumber("power", power, "(0, inf)");
  const traits = { horizon: undefined, tail: eta === 0 ? settled(0) : { power } };
  return named("inversePower", [{ eta, t0, power }], traits, (step) => eta / pow(step + t0, power));
}

/**
 * factor dModel^-0.5 min(t^-0.5, t warmup^-1.5), t being step + 1. A. Vaswani et al., "Attention is all you need"
 * (NeurIPS 2017), eq. 3.
 */
export function noam(options: { dModel: number; warmup: number; factor?: number }): NamedSchedule {
  checkKeys("noam", options, ["dModel", "warmup", "factor"]);
  const { dModel, warmup, factor = 1 } = options;
  checkInteger("dModel", dModel, "[1, inf)");
  checkInteger("warmup", warmup, "[1, inf)");
  checkNumber("factor", factor, "(0, inf)");
  const scale = factor / Math.sqrt(dModel);
  const slope = 1 / (warmup * Math.sqrt(warmup));
  return named("noam", [{ dModel, warmup, factor }], { horizon: undefined, tail: { power: 0.5 } }, (step) => {
    const t = step + 1;
    return scale * Math.min(1 / Math.sqrt(t), t * slope);
  });
}
