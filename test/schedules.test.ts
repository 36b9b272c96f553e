import { describe, expect, test } from "vitest";
import { cosPi, exp, log, pow, powi } from "../src/real.ts";
import * as schedules from "../src/schedules.ts";
import { goldenCases } from "./support/golden.ts";

interface ScheduleCase {
  name: string;
  config: { max_lr: number; min_lr: number; warmup: number; total: number };
  lr: number[];
}

const warmups = goldenCases<ScheduleCase>("schedules/formulas").filter(({ name }) =>
  name.startsWith("warmup_cosine_plus1"),
);

test.each(warmups)("warmupCosine follows the formula to 1e-12: $name", ({ config, lr }) => {
  const schedule = schedules.warmupCosine({
    peak: config.max_lr,
    floor: config.min_lr,
    warmup: config.warmup,
    total: config.total,
  });
  expect(lr.length).toBeGreaterThanOrEqual(config.total);
  for (const [step, value] of lr.entries())
    expect(Math.abs(schedule(step) - value)).toBeLessThanOrEqual(1e-12 * value + 1e-18);
});

describe("a schedule", () => {
  test.each([
    ["constant", schedules.constant(0.5), [0.5, 0.5, 0.5]],
    ["linear", schedules.linear({ start: 1, end: 0, total: 2 }), [1, 0.5, 0, 0]],
    ["exponential", schedules.exponential({ value: 8, gamma: 0.5 }), [8, 4, 2, 1]],
    ["stepDecay", schedules.stepDecay({ value: 8, gamma: 0.5, every: 2 }), [8, 8, 4, 4, 2]],
    [
      "cosine",
      schedules.cosine({ peak: 2, total: 4, floor: 1 }),
      [2, 1 + (1 + Math.SQRT1_2) / 2, 1.5, 1 + (1 - Math.SQRT1_2) / 2, 1, 1],
    ],
    ["warmup", schedules.warmup(schedules.constant(4), 4), [1, 2, 3, 4, 4]],
    ["warmup of 0 steps", schedules.warmup(schedules.constant(4), 0), [4, 4]],
    ["warmupLinear", schedules.warmupLinear({ peak: 2, warmup: 2, total: 4 }), [1, 2, 2, 1, 0]],
  ])("%s takes the values it should", (_name, schedule, values) => {
    for (const [step, value] of values.entries()) expect(schedule(step)).toBeCloseTo(value, 14);
  });

  test("refuses bad arguments", () => {
    expect(() => schedules.cosine({ peak: 1, total: 0 })).toThrow("total: got 0, expected a whole number in [1, inf)");
    expect(() => schedules.warmupCosine({ peak: 1, warmup: 10, total: 10 })).toThrow(
      "warmup: got 10, expected a whole number in [0, 9]",
    );
    expect(() => schedules.linear({ start: Number.NaN, end: 0, total: 1 })).toThrow("start: got NaN");
  });
});

describe("float64 functions that are the same everywhere", () => {
  test("cosPi is within 2 ulp of 1 of cos(pi x) on [0, 1]", () => {
    for (let i = 0; i <= 10_000; i++) {
      const x = i / 10_000;
      expect(Math.abs(cosPi(x) - Math.cos(Math.PI * x))).toBeLessThanOrEqual(2 * 2 ** -52);
    }
    expect([cosPi(0), cosPi(0.5), cosPi(1)]).toEqual([1, 0, -1]);
  });

  test("powi is exact where the power is, and within 1e-12 for a million steps", () => {
    expect([powi(2, 10), powi(0.5, 3), powi(7, 0), powi(0, 0), powi(1.5, 2)]).toEqual([1024, 0.125, 1, 1, 2.25]);
    for (const n of [1, 10, 999, 100_000, 1_000_000]) expect(powi(0.999999, n) / 0.999999 ** n).toBeCloseTo(1, 10);
  });

  test("exp is within 2 ulp of the engine's, whose error is below 1, and exact at its ends", () => {
    for (let x = -745; x <= 709.7; x += 0.0837) {
      expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThanOrEqual(2 * ulp(Math.exp(x)));
    }
    expect([exp(0), exp(-Infinity), exp(Infinity), exp(711), exp(-750)]).toEqual([1, 0, Infinity, Infinity, 0]);
    expect(exp(Number.NaN)).toBeNaN();
  });

  test("log is within 2 ulp of the engine's, whose error is below 1, and exact at its ends", () => {
    for (let k = -1074; k <= 1023; k++) {
      for (const fraction of [1, 1.2345, 1.41, 1.42, 1.9999]) {
        const x = fraction * 2 ** k;
        expect(Math.abs(log(x) - Math.log(x)), `${x}`).toBeLessThanOrEqual(2 * ulp(Math.log(x)));
      }
    }
    for (let i = 1; i < 2000; i++) {
      const x = i / 1000;
      expect(Math.abs(log(x) - Math.log(x)), `${x}`).toBeLessThanOrEqual(2 * ulp(Math.log(x)));
    }
    expect([log(0), log(1), log(Infinity)]).toEqual([-Infinity, 0, Infinity]);
    expect([log(-1), log(Number.NaN)]).toEqual([Number.NaN, Number.NaN]);
  });

  test("pow is within 1 + 3 |y ln x| ulp of the engine's, and exact where x or x^y is 1", () => {
    for (const y of [-1.25, -0.8, 0.3, 0.75, 2]) {
      for (let x = 0.01; x < 1e6; x *= 1.1) {
        const bound = (2 + 3 * Math.abs(y * Math.log(x))) * ulp(x ** y);
        expect(Math.abs(pow(x, y) - x ** y), `${x} ** ${y}`).toBeLessThanOrEqual(bound);
      }
    }
    expect([pow(1, 0.7), pow(3, 0)]).toEqual([1, 1]);
  });
});

/** The distance from a float64 to the next. */
function ulp(x: number): number {
  return Math.max(2 ** (Math.floor(Math.log2(Math.abs(x))) - 52), Number.MIN_VALUE);
}
