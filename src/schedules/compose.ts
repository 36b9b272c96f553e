/** Schedules made of schedules. */
import { checkInteger, refuse } from "../core/check.ts";
import { checkSchedule, type NamedSchedule, named, type Schedule, type Tail, traitsOf } from "./schedule.ts";

function checkSchedules(schedules: unknown): asserts schedules is Schedule[] {
  if (!Array.isArray(schedules) || schedules.length === 0) refuse("schedules", schedules, "a list of schedules");
  for (const [i, schedule] of schedules.entries()) checkSchedule(`schedules[${i}]`, schedule);
}

/** The latest of some steps; undefined if one of them is. */
function latest(steps: readonly (number | undefined)[]): number | undefined {
  return steps.reduce((most, step) => (most === undefined || step === undefined ? undefined : Math.max(most, step)), 0);
}

/** Powers add up, and nothing that vanishes is brought back by them; of anything else a product may do as it likes. */
function productTail(tails: readonly (Tail | undefined)[]): Tail | undefined {
  let power = 0;
  for (const tail of tails) {
    if (typeof tail === "object") power += tail.power;
    else if (tail !== "vanishing") return undefined;
  }
  return tails.includes("vanishing") ? "vanishing" : { power };
}

/**
 * The product of schedules at each step: torch's ChainedScheduler, where every schedule after the first is a factor,
 * such as `exponential({ value: 1, gamma: 0.95 })`.
 */
export function chain(schedules: readonly Schedule[]): NamedSchedule {
  checkSchedules(schedules);
  const own = [...schedules];
  const traits = own.map(traitsOf);
  const horizons = traits.map(({ horizon, tail }) => (tail === "periodic" ? undefined : horizon));
  return named(
    "chain",
    [own],
    { horizon: latest(horizons), tail: productTail(traits.map(({ tail }) => tail)) },
    (step) => own.reduce((product, schedule) => product * schedule(step), 1),
  );
}

/**
 * One schedule after another: the next begins, from its own step 0, at each milestone. torch's SequentialLR.
 */
export function sequence(schedules: readonly Schedule[], milestones: readonly number[]): NamedSchedule {
  checkSchedules(schedules);
  if (!Array.isArray(milestones) || milestones.length !== schedules.length - 1) {
    refuse("milestones", milestones, `a list of ${schedules.length - 1} steps, one less than there are schedules`);
  }
  for (const [i, milestone] of milestones.entries()) {
    checkInteger(`milestones[${i}]`, milestone, `[${i === 0 ? 0 : milestones[i - 1]}, inf)`);
  }
  const own = [...schedules];
  const starts = [0, ...milestones];
  const { horizon, tail } = traitsOf(own.at(-1)!);
  const traits = { horizon: horizon === undefined ? undefined : starts.at(-1)! + horizon, tail };
  return named("sequence", [own, starts.slice(1)], traits, (step) => {
    const current = starts.findLastIndex((start) => start <= step);
    return own[current]!(step - starts[current]!);
  });
}
