/** What schedules refuse, what can be said of their sums, and the plateau schedule away from torch's cases. */
import { describe, expect, test } from "vitest";
import * as schedules from "../../src/schedules/index.ts";
import type { Schedule } from "../../src/schedules/schedule.ts";

const flat = schedules.constant(0.5);

describe("bad arguments are refused", () => {
  // biome-ignore lint/suspicious/noExplicitAny: what is wrong with them is the point.
  const made = schedules as any;
  test.each<[string, () => unknown, string]>([
    ["cosine", () => made.cosine({ peak: 1, total: 0 }), "total: got 0, expected a whole number in [1, inf)"],
    ["no options", () => made.linear(), "linear: got undefined, expected an object with any of start, end, total"],
    ["NaN", () => made.linear({ start: Number.NaN, end: 0, total: 1 }), "start: got NaN"],
    ["an option it lacks", () => made.exponential({ value: 1, gama: 1 }), 'exponential.gama: got "gama", expected one'],
    [
      "a long warm-up",
      () => made.warmupCosine({ peak: 1, warmup: 10, total: 10 }),
      "expected a whole number in [0, 9]",
    ],
    ["a warm-up of a number", () => made.warmup(1, 3), "after: got 1, expected a schedule"],
    ["a warm-up of half a step", () => made.warmup(flat, 0.5), "warmup: got 0.5"],
    ["a shape", () => made.warmup(flat, 5, { shape: "cosine" }), 'shape: got "cosine", expected one of "linear"'],
    ["a start of 0", () => made.warmup(flat, 5, { shape: "exponential", start: 0 }), "start: got 0"],
    [
      "a convention",
      () => made.wsd({ peak: 1, warmup: 1, stable: 1, decay: 1, convention: "t" }),
      'convention: got "t"',
    ],
    ["an exponential fall to 0", () => made.cooldown(flat, { at: 1, steps: 2, shape: "exponential" }), "floor: got 0"],
    [
      "an exponential fall from 0",
      () => made.wsd({ peak: 0, warmup: 1, stable: 1, decay: 1, shape: "exponential", floor: 1 }),
      "peak: got 0",
    ],
    ["no half-life", () => made.cooldown(flat, { at: 1, steps: 2, shape: "half-life" }), "halfLife: got undefined"],
    [
      "a half-life",
      () => made.cooldown(flat, { at: 1, steps: 2, halfLife: 2 }),
      "halfLife: got 2, expected none unless",
    ],
    ["milestones", () => made.multiStep({ value: 1, milestones: [3, -1] }), "milestones[1]: got -1"],
    ["no milestones", () => made.multiStep({ value: 1, milestones: 3 }), "milestones: got 3, expected a list of steps"],
    ["too few milestones", () => made.sequence([flat, flat], []), "milestones: got [], expected a list of 1 steps"],
    ["milestones out of order", () => made.sequence([flat, flat, flat], [5, 4]), "milestones[1]: got 4"],
    ["a list of numbers", () => made.chain([flat, 2]), "schedules[1]: got 2, expected a schedule"],
    ["gamma above 1", () => made.cyclic({ base: 0, max: 1, mode: "exp_range", gamma: 2 }), "gamma: got 2"],
    ["a long rise", () => made.oneCycle({ peak: 1, total: 9, pctStart: 0.6, threePhase: true }), "pctStart: got 0.6"],
    [
      "a factor of 1",
      () => made.reduceOnPlateau({ value: 1, factor: 1 }),
      "factor: got 1, expected a number in [0, 1)",
    ],
    ["a batch of 0", () => made.linearScaling({ lr: 1, baseBatch: 0, batch: 1 }), "baseBatch: got 0"],
    [
      "no batch sizes",
      () => made.sqrtScaling(),
      "sqrtScaling: got undefined, expected an object with any of lr, baseBatch, batch",
    ],
    ["one beta", () => made.adamScaling({ lr: 1, baseBatch: 1, batch: 1, betas: [0.9], eps: 0 }), "betas: got [0.9]"],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(message);
  });
});

test("multiplicative goes on after its function has thrown, as if it had not", () => {
  let broken = true;
  const schedule = schedules.multiplicative({
    value: 1,
    factor: (step) => {
      if (broken && step === 3) throw new Error("not yet");
      return step;
    },
  });
  expect(schedule(2)).toBe(2);
  expect(() => schedule(4)).toThrow("not yet");
  broken = false;
  expect([schedule(4), schedule(1), schedule(5)]).toEqual([24, 1, 120]);
});

describe("the conditions of Robbins and Monro", () => {
  const { chain, cosine, cyclic, exponential, inversePower, inverseSqrt, linear, sequence, warmup } = schedules;
  test.each<[string, Schedule, string, string]>([
    ["eta/t", inversePower({ eta: 1 }), "yes", "like t^-1: the sum is infinite, that of squares finite"],
    ["power 0.51", inversePower({ eta: 1, power: 0.51 }), "yes", "t^-0.51"],
    ["power 0.5", inversePower({ eta: 1, power: 0.5 }), "no", "the sum of squares is infinite"],
    ["power 1.01", inversePower({ eta: 1, power: 1.01 }), "no", "the sum is finite"],
    ["eta = 0", inversePower({ eta: 0 }), "no", "the sum is finite"],
    ["inverse square root", inverseSqrt({ peak: 1, warmup: 5 }), "no", "t^-0.5"],
    ["noam", schedules.noam({ dModel: 8, warmup: 5 }), "no", "t^-0.5"],
    ["a constant", flat, "no", "settles above 0"],
    ["a negative constant", schedules.constant(-1), "no", "must be positive"],
    ["a line to 0", linear({ start: 1, end: 0, total: 5 }), "no", "ends at 0"],
    ["a cosine to a floor", cosine({ peak: 1, total: 5, floor: 0.1 }), "no", "settles above 0"],
    ["a geometric fall", exponential({ value: 1, gamma: 0.9 }), "no", "falls geometrically"],
    ["a geometric rise", exponential({ value: 1, gamma: 1.1 }), "no", "grows"],
    ["gamma = 1", exponential({ value: 1, gamma: 1 }), "no", "settles above 0"],
    ["triangles", cyclic({ base: 0, max: 1 }), "no", "come back"],
    ["dying triangles", cyclic({ base: 0, max: 1, mode: "triangular2" }), "no", "the sum is finite"],
    ["triangles below 0", cyclic({ base: -1, max: 1 }), "no", "must be positive"],
    ["eta/t after warm-up", warmup(inversePower({ eta: 1 }), 9), "yes", "t^-1"],
    ["eta/t in the end", sequence([flat, inversePower({ eta: 1 })], [9]), "yes", "t^-1"],
    [
      "a product",
      chain([flat, inversePower({ eta: 1, power: 0.4 }), inverseSqrt({ peak: 1, warmup: 1 })]),
      "yes",
      "0.9",
    ],
    ["a product with a fall", chain([exponential({ value: 1, gamma: 0.9 }), flat]), "no", "the sum is finite"],
    ["a product of triangles", chain([cyclic({ base: 0, max: 1 }), flat]), "undecidable", "nothing is known"],
    ["a function", () => 1, "undecidable", "nothing is known"],
    ["a plateau", schedules.reduceOnPlateau({ value: 1 }), "undecidable", "nothing is known"],
    [
      "half-lives of a function",
      schedules.cooldown(() => 1, { at: 1, steps: 9, shape: "half-life", halfLife: 3 }),
      "undecidable",
      "",
    ],
    [
      "half-lives of a stable run",
      schedules.wsd({ peak: 1, warmup: 1, stable: 1, decay: 9, shape: "half-life", halfLife: 3 }),
      "no",
      "settles above 0",
    ],
  ])("%s", (_what, schedule, answer, why) => {
    expect(schedules.robbinsMonro(schedule)).toEqual({ answer, why: expect.stringContaining(why) });
  });
});

describe("reduceOnPlateau", () => {
  test("takes a metric that is NaN for a bad one, and changes by nothing but metrics", () => {
    const schedule = schedules.reduceOnPlateau({ value: 1, factor: 0.5, patience: 1 });
    expect([schedule(0), schedule(1000)]).toEqual([1, 1]);
    expect([3, Number.NaN, Number.NaN, 2].map((metric) => schedule.observe(metric))).toEqual([1, 1, 0.5, 0.5]);
    expect(schedule.stateDict()).toEqual({ value: 0.5, best: 2, bad: 0, cooldown: 0 });
    expect(() => schedule.observe("2" as unknown as number)).toThrow('metric: got "2", expected a number');
  });

  test.each([
    [null, "state: got null"],
    [{ value: Number.NaN, best: null, bad: 0, cooldown: 0 }, "state.value: got NaN"],
    [{ value: 1, best: "1", bad: 0, cooldown: 0 }, 'state.best: got "1"'],
    [{ value: 1, best: 1, bad: -1, cooldown: 0 }, "state.bad: got -1"],
    [{ value: 1, best: 1, bad: 0 }, "state.cooldown: got undefined"],
  ])("refuses the state %j, and stays as it was", (state, message) => {
    const schedule = schedules.reduceOnPlateau({ value: 1 });
    const before = schedule.stateDict();
    expect(() => schedule.loadStateDict(state as never)).toThrow(message);
    expect(schedule.stateDict()).toEqual(before);
  });
});
