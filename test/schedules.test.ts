import { describe, expect, test } from "vitest";
import { cosPi, exp, log, log1p, pow, powi } from "../src/real.ts";
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

  /** Numbers of every size, spread evenly over the exponents. */
  const magnitudes = Array.from(
    { length: 20_000 },
    (_, i) => 2 ** ((i - 10_000) / 10) * (1 + ((i * 7919) % 1000) / 1000),
  );
  const ulp = (x: number) => 2 ** Math.max(Math.floor(Math.log2(Math.abs(x))) - 52, -1074);

  test("log is within 2 ulp of the engine's over all of float64, log1p within 4", () => {
    for (const x of [...magnitudes, 5e-324, 1e-310, Number.MAX_VALUE, 0.9999999, 1.0000001]) {
      expect(Math.abs(log(x) - Math.log(x)), `log ${x}`).toBeLessThanOrEqual(2 * ulp(Math.log(x)));
      expect(Math.abs(log1p(x) - Math.log1p(x)), `log1p ${x}`).toBeLessThanOrEqual(4 * ulp(Math.log1p(x)));
    }
    expect([log(1), log(0), log(Infinity), log(-1), log(Number.NaN), log1p(0), log1p(1e-300)]).toEqual([
      0,
      -Infinity,
      Infinity,
      Number.NaN,
      Number.NaN,
      0,
      1e-300,
    ]);
  });

  test("exp is within 2 ulp of the engine's, subnormal results included", () => {
    for (let i = -75_000; i <= 70_900; i++) {
      const x = i / 100;
      expect(Math.abs(exp(x) - Math.exp(x)), `exp ${x}`).toBeLessThanOrEqual(2 * ulp(Math.exp(x)));
    }
    expect([exp(0), exp(-746), exp(710), exp(Infinity), exp(-Infinity), exp(Number.NaN)]).toEqual([
      1,
      0,
      Infinity,
      Infinity,
      0,
      Number.NaN,
    ]);
  });

  test("pow is exact where it can be, and within 1e-15 of |y log x| + 2 elsewhere", () => {
    expect([pow(3, 4), pow(2, -2), pow(0, 0), pow(0, 0.5), pow(0, -0.5), pow(1, 0.3)]).toEqual([
      81,
      0.25,
      1,
      0,
      Infinity,
      1,
    ]);
    for (const y of [-0.8, 0.5, 1.7, -2.5]) {
      for (let x = 1; x < 1e7; x *= 1.01) {
        const bound = 1e-15 * (Math.abs(y * Math.log(x)) + 2);
        expect(Math.abs(pow(x, y) / x ** y - 1), `${x}^${y}`).toBeLessThanOrEqual(bound);
      }
    }
  });
});
