/** Schedules as text: what they print, and reading it back. */
import { describe, expect, test } from "vitest";
import { SimdOptimError } from "../../src/core/check.ts";
import * as schedules from "../../src/schedules/index.ts";
import { parseSchedule } from "../../src/schedules/parse.ts";
import { isNamed, type NamedSchedule } from "../../src/schedules/schedule.ts";

const flat = schedules.constant(0.25);
/** Every maker, with every option away from its default, and with as few as it takes. */
const examples: readonly NamedSchedule[] = [
  flat,
  schedules.linear({ start: 1e-7, end: 0.1, total: 12 }),
  schedules.cosine({ peak: 0.1, total: 9 }),
  schedules.cosine({ peak: 0.1, total: 9, floor: -1e21 }),
  schedules.polynomial({ value: 1 }),
  schedules.polynomial({ value: 1, total: 20, power: 0.5 }),
  schedules.warmup(flat, 5),
  schedules.warmup(flat, 5, { shape: "linear", start: 0.5, convention: "t/w" }),
  schedules.warmup(flat, 5, { shape: "exponential", start: 0.5, convention: "(t+1)/(w+1)" }),
  schedules.warmup(flat, 5, { shape: "constant" }),
  schedules.warmupCosine({ peak: 0.003, warmup: 4, total: 20 }),
  schedules.warmupCosine({ peak: 0.003, warmup: 4, total: 20, floor: 1e-5, convention: "t/w" }),
  schedules.warmupLinear({ peak: 0.003, warmup: 4, total: 20, floor: 1e-5, convention: "t/w" }),
  schedules.cooldown(flat, { at: 7, steps: 9 }),
  schedules.cooldown(flat, { at: 7, steps: 9, shape: "half-life", floor: 0.1, halfLife: 3 }),
  schedules.wsd({ peak: 1, warmup: 3, stable: 5, decay: 7 }),
  schedules.wsd({ peak: 1, warmup: 3, stable: 5, decay: 7, shape: "half-life", halfLife: 2, convention: "t/w" }),
  schedules.inverseSqrt({ peak: 1, warmup: 3, convention: "t/w" }),
  schedules.noam({ dModel: 512, warmup: 10, factor: 2 }),
  schedules.exponential({ value: 1, gamma: 0.9 }),
  schedules.stepDecay({ value: 1, gamma: 0.9, every: 4 }),
  schedules.multiStep({ value: 1, gamma: 0.5, milestones: [3, 9, 9] }),
  schedules.multiStep({ value: 1, milestones: [] }),
  schedules.constantFactor({ value: 1, factor: 0.5, total: 3 }),
  schedules.inversePower({ eta: 1, t0: 2, power: 0.75 }),
  schedules.cosineAnnealing({ peak: 1, tMax: 5, floor: 0.1 }),
  schedules.cosineWarmRestarts({ peak: 1, t0: 5, tMult: 2, floor: 0.1 }),
  schedules.cyclic({ base: 0.1, max: 1, stepSizeUp: 3, stepSizeDown: 5, mode: "exp_range", gamma: 0.9 }),
  schedules.cyclicMomentum({ base: 0.7, stepSizeUp: 3, mode: "triangular2" }),
  schedules.oneCycle({
    ...{ peak: 1, total: 20, pctStart: 0.4, annealStrategy: "linear", threePhase: true },
    ...{ divFactor: 10, finalDivFactor: 100 },
  }),
  schedules.oneCycleMomentum({ base: 0.7, max: 0.9, total: 20 }),
  schedules.lambda({ value: 2, factor: schedules.cosine({ peak: 1, total: 9 }) }),
  schedules.multiplicative({ value: 2, factor: flat }),
  schedules.reduceOnPlateau({ value: 2, mode: "max" }),
  schedules.chain([flat, schedules.warmup(schedules.exponential({ value: 1, gamma: 0.9 }), 4)]),
  schedules.sequence([flat, schedules.linear({ start: 1, end: 0, total: 5 }), flat], [3, 8]),
];

describe("a schedule", () => {
  test("prints a call with every option, and what is in its name", () => {
    const { warmupCosine, warmup, chain, exponential, lambda } = schedules;
    const cosine = warmupCosine({ peak: 0.003, warmup: 100, total: 10_000 });
    expect(`${cosine}`).toBe("warmupCosine({ peak: 0.003, warmup: 100, total: 10000, floor: 0 })");
    expect([cosine.name, cosine.toJSON(), JSON.stringify({ lr: cosine })]).toEqual([
      "warmupCosine",
      `${cosine}`,
      JSON.stringify({ lr: `${cosine}` }),
    ]);
    expect(`${warmup(chain([flat, exponential({ value: 1, gamma: 0.5 })]), 7, { start: 0.5 })}`).toBe(
      "warmup(chain([constant(0.25), exponential({ value: 1, gamma: 0.5 })]), 7, { start: 0.5 })",
    );
    const halving = (step: number) => 0.5 ** step;
    expect(`${lambda({ value: 1, factor: halving })}`).toBe("lambda({ value: 1, factor: halving })");
    expect(`${warmup((step) => step, 3)}`).toBe("warmup((step) => ..., 3)");
  });

  test.each(examples.map((schedule) => [`${schedule}`, schedule] as const))("reads back: %s", (text, schedule) => {
    const again = parseSchedule(text);
    expect(`${again}`).toBe(text);
    expect(again.horizon).toBe(schedule.horizon);
    expect(again.tail).toEqual(schedule.tail);
    for (let step = 0; step < 40; step++) expect(again(step)).toBe(schedule(step));
  });

  test("is a pure function of the step: order and repetition do not matter", () => {
    for (const schedule of examples) {
      const forwards = Array.from({ length: 40 }, (_, step) => schedule(step));
      const backwards = Array.from({ length: 40 }, (_, i) => schedule(39 - i)).reverse();
      expect(backwards, `${schedule}`).toEqual(forwards);
    }
  });

  test("stays as it is, or repeats itself, from its horizon on", () => {
    for (const schedule of examples) {
      const { horizon, tail } = schedule;
      if (horizon === undefined) continue;
      const [from, period] = tail === "periodic" ? [0, horizon] : [horizon, 1];
      for (let step = from; step < from + 30; step++) {
        expect(schedule(step + period), `${schedule}, step ${step}`).toBeCloseTo(schedule(step), 14);
      }
    }
  });

  test("refuses steps that are none", () => {
    for (const schedule of examples) {
      for (const step of [-1, Number.NaN, Infinity])
        expect(() => schedule(step)).toThrow(`step of ${schedule.name}: got`);
    }
  });

  test("of every kind is among the examples, so that every kind can be read", () => {
    const names = new Set(examples.map(({ name }) => name));
    const others = ["adamScaling", "linearScaling", "robbinsMonro", "sqrtScaling"];
    expect([...names].sort()).toEqual(
      Object.keys(schedules)
        .filter((name) => !others.includes(name))
        .sort(),
    );
    expect(isNamed(() => 1)).toBe(false);
  });
});

describe("parseSchedule", () => {
  test("reads what people type", () => {
    const typed = [
      " cosine ( {peak:.1,total : 1e1} ) ",
      "cosine({ 'peak': 0.1, total: 10 })",
      "warmup(\n  constant(1.),\n  2, { shape: 'constant', start: 5e-1 })",
    ];
    expect(`${parseSchedule(typed[0]!)}`).toBe("cosine({ peak: 0.1, total: 10, floor: 0 })");
    expect(() => parseSchedule(typed[1]!)).toThrow("expected the name of an option at character 10");
    expect(parseSchedule(typed[2]!)(1)).toBe(0.5);
  });

  test.each([
    ["", "expected a schedule at character 1"],
    ["0.1", "expected a schedule at character 1"],
    ["cosine", 'expected "(" at character 7'],
    ["cosine(", "expected a value at character 8"],
    ["cosine()", "cosine: got undefined, expected an object with any of peak, total, floor"],
    ["cosine({ peak: 1, total: 9 }", 'expected "," at character 29'],
    ["cosine({ peak: 1, total: 9 }) + 1", 'expected no "+" at character 31'],
    ["cosine({ peak: 1, total: 9 }) constant(1)", "expected nothing after it at character 31"],
    ["cosine({ peak: 1, total: 9 }, 3)", "expected no argument of cosine after number 1 at character 1"],
    ["cosine({ peak: 1, peak: 2, total: 9 })", "expected each option once"],
    ["cosine({ peak: 1, total: 9, flor: 0 })", 'cosine.flor: got "flor", expected one of peak, total, floor'],
    ["cosine({ peak 1 })", 'expected ":" at character 15'],
    ["cosine({ peak: 1,, total: 9 })", "expected the name of an option at character 18"],
    ["cosine({ peak: 1, total: 9, })", "expected the name of an option at character 29"],
    ["cosine({ peak: 1e, total: 9 })", 'expected no "1" at character 16'],
    ["cosine({ peak: 0x10, total: 9 })", 'expected no "0" at character 16'],
    ["cosine({ peak: NaN, total: 9 })", "expected one of chain, constant, "],
    ["cosine({ peak: 1, total: 2.5 })", "total: got 2.5, expected a whole number in [1, inf)"],
    ["cosine({ __proto__: { peak: 1, total: 9 } })", 'cosine.__proto__: got "__proto__", expected one of peak'],
    ["constructor({})", "expected one of chain, constant, "],
    ["warmup((step) => step, 3)", 'expected no "=" at character 15'],
    ["warmup(3, 3)", "after: got 3, expected a schedule"],
    ["chain([])", "schedules: got [], expected a list of schedules"],
    ["constant('a\\'b')", 'expected no "\'" at character 10'],
    ["constant('a\")", 'expected no "\'" at character 10'],
    ["[".repeat(9), "expected a schedule at character 1"],
    [`chain(${"[".repeat(100_000)}`, "expected at most 32 brackets within each other"],
    [`constant(${"1".repeat(100_000)}x)`, 'expected no "1" at character 10'],
  ])("refuses %.40s", (text, message) => {
    expect(() => parseSchedule(text)).toThrow(SimdOptimError);
    expect(() => parseSchedule(text)).toThrow(message);
  });

  test("refuses what is no text", () => {
    expect(() => parseSchedule(3 as unknown as string)).toThrow("schedule: got 3, expected text such as");
  });
});
