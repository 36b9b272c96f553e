/** Schedules against closed forms in float64, for every convention and shape that the reference data has. */
import { describe, expect, test } from "vitest";
import * as schedules from "../../src/schedules/index.ts";
import type { Schedule } from "../../src/schedules/schedule.ts";
import { readGolden } from "../support/golden.ts";
import { expectValues } from "../support/schedules.ts";

interface FormulaCase {
  readonly name: string;
  readonly config: Readonly<Record<string, number>> & { readonly decay_type?: schedules.CooldownShape };
  readonly lr: readonly number[];
}

const golden = readGolden<{
  cases: FormulaCase[];
  batch_scaling: { base_batch: number; batch: number; base_lr: number; linear: number; sqrt: number }[];
}>("schedules/formulas");

function scheduleOf({ name, config }: FormulaCase): Schedule {
  const { max_lr: peak, min_lr: floor = 0, warmup, total, stable, decay, decay_type: shape } = config;
  const convention = name.includes("plus1") ? "(t+1)/w" : "t/w";
  if (name.startsWith("warmup_cosine")) {
    return schedules.warmupCosine({ peak: peak!, floor, warmup: warmup!, total: total!, convention });
  }
  if (name === "wsd_minicpm_half_life") {
    const { S, T } = config as { S: number; T: number };
    const rest = { stable: S - warmup!, decay: 1000, shape: "half-life", halfLife: T } as const;
    return schedules.wsd({ peak: peak!, warmup: warmup!, convention, ...rest });
  }
  if (name.startsWith("wsd")) {
    return schedules.wsd({
      ...{ peak: peak!, warmup: warmup!, stable: stable!, decay: decay! },
      ...{ floor, shape: shape!, convention },
    });
  }
  switch (name) {
    case "inverse_sqrt_warmup":
      return schedules.inverseSqrt({ peak: peak!, warmup: warmup!, convention });
    case "noam":
      return schedules.noam({ dModel: config["d_model"]!, warmup: warmup! });
    case "eta_over_t":
      return schedules.inversePower({ eta: config["eta"]! });
    case "eta_over_sqrt_t":
      return schedules.inversePower({ eta: config["eta"]!, power: 0.5 });
    default:
      throw new Error(`no schedule for ${name}`);
  }
}

test.each(golden.cases)("follows the formula to 1e-12: $name", (given) => {
  expectValues(scheduleOf(given), given.lr);
});

test.each(golden.batch_scaling)("scales $base_lr from batches of $base_batch to $batch", (given) => {
  const options = { lr: given.base_lr, baseBatch: given.base_batch, batch: given.batch };
  expect(schedules.linearScaling(options)).toBeCloseTo(given.linear, 14);
  expect(schedules.sqrtScaling(options)).toBeCloseTo(given.sqrt, 14);
});

test("adamScaling keeps the time constants of the averages in samples, and refuses what the rule cannot reach", () => {
  const base = { lr: 1e-3, betas: [0.9, 0.999] as const, eps: 1e-8, baseBatch: 256 };
  const scaled = schedules.adamScaling({ ...base, batch: 1024 });
  expect(scaled.lr).toBeCloseTo(2e-3, 16);
  expect(scaled.betas[0]).toBeCloseTo(0.6, 14);
  expect(scaled.betas[1]).toBeCloseTo(0.996, 14);
  expect(scaled.eps).toBeCloseTo(0.5e-8, 20);
  expect(() => schedules.adamScaling({ ...base, batch: 4096 })).toThrow("batch: got 4096, expected at most 2560");
});

describe("warm-up", () => {
  const flat = schedules.constant(4);
  test.each<[string, schedules.WarmupOptions, number[]]>([
    ["linear", {}, [1, 2, 3, 4, 4]],
    ["linear from a share", { start: 0.5 }, [2.5, 3, 3.5, 4, 4]],
    ["t/w", { convention: "t/w" }, [0, 1, 2, 3, 4]],
    ["(t+1)/(w+1)", { convention: "(t+1)/(w+1)" }, [0.8, 1.6, 2.4, 3.2, 4]],
    ["constant", { shape: "constant", start: 0.25 }, [1, 1, 1, 1, 4]],
    ["constant by default", { shape: "constant" }, [0.4, 0.4, 0.4, 0.4, 4]],
    ["exponential", { shape: "exponential", start: 1 / 16 }, [0.5, 1, 2, 4, 4]],
    ["exponential, t/w", { shape: "exponential", start: 1 / 16, convention: "t/w" }, [0.25, 0.5, 1, 2, 4]],
    ["exponential by default", { shape: "exponential" }, [4 * 0.01 ** 0.75, 0.4, 4 * 0.01 ** 0.25, 4]],
  ])("%s", (_name, options, values) => {
    expectValues(schedules.warmup(flat, 4, options), values);
  });

  test("goes before any schedule, a plain function too, which begins at its own step 0", () => {
    expectValues(
      schedules.warmup((step) => 10 - step, 2),
      [5, 10, 10, 9, 8],
    );
    const annealed = schedules.warmup(schedules.linear({ start: 8, end: 0, total: 4 }), 2, { convention: "t/w" });
    expectValues(annealed, [0, 4, 8, 6, 4, 2, 0, 0]);
  });
});

describe("a cool-down", () => {
  test("begins at any step of a run, from what the run has there", () => {
    const run = schedules.warmup(schedules.constant(8), 4);
    const end = { steps: 4, shape: "linear" } as const;
    expectValues(schedules.cooldown(run, { at: 6, ...end }), [2, 4, 6, 8, 8, 8, 8, 6, 4, 2, 0, 0]);
    expectValues(schedules.cooldown(run, { at: 1, ...end, floor: 2 }), [2, 4, 3.5, 3, 2.5, 2, 2]);
    expectValues(schedules.cooldown(run, { at: 4, steps: 4 }), [2, 4, 6, 8, 8, 4, 8 - 8 * Math.SQRT1_2]);
  });

  test("is the decay of wsd", () => {
    for (const shape of ["linear", "cosine", "1-sqrt", "1-square", "exponential"] as const) {
      const stable = schedules.warmup(schedules.constant(0.3), 5);
      const cooled = schedules.cooldown(stable, { at: 15, steps: 7, shape, floor: 0.01 });
      const whole = schedules.wsd({ peak: 0.3, warmup: 5, stable: 10, decay: 7, shape, floor: 0.01 });
      for (let step = 0; step < 30; step++) expect(cooled(step)).toBe(whole(step));
    }
  });

  test("by half-lives stops at its floor, and at its last step", () => {
    const options = { steps: 6, shape: "half-life", halfLife: 2 } as const;
    const stable = schedules.constant(8);
    const root = Math.SQRT1_2;
    expectValues(schedules.cooldown(stable, { at: 0, ...options }), [8, 8 * root, 4, 4 * root, 2, 2 * root, 1, 1, 1]);
    expect(schedules.cooldown(stable, { at: 0, ...options, floor: 3 })(4)).toBe(3);
  });
});

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
  ["warmup of 0 steps", schedules.warmup(schedules.constant(4), 0), [4, 4]],
  ["warmupLinear", schedules.warmupLinear({ peak: 2, warmup: 2, total: 4 }), [1, 2, 2, 1, 0]],
  ["warmupLinear, t/w", schedules.warmupLinear({ peak: 2, warmup: 2, total: 4, convention: "t/w" }), [0, 1, 2, 1, 0]],
  ["inverseSqrt", schedules.inverseSqrt({ peak: 6, warmup: 4 }), [1.5, 3, 4.5, 6, 6, 6 * Math.sqrt(4 / 5)]],
  ["inversePower", schedules.inversePower({ eta: 6, t0: 2, power: 2 }), [6 / 4, 6 / 9, 6 / 16]],
  [
    "polynomial of a power that is not whole",
    schedules.polynomial({ value: 8, total: 4, power: 1.5 }),
    [8, 8 * 0.75 ** 1.5],
  ],
  [
    "oneCycle without a rise",
    schedules.oneCycle({ peak: 8, total: 3, pctStart: 0, finalDivFactor: 0.04, annealStrategy: "linear" }),
    [8, 8, 8, 8],
  ],
  [
    "oneCycle that rises in no time",
    schedules.oneCycle({ peak: 8, total: 5, pctStart: 0.2, divFactor: 2, finalDivFactor: 1, annealStrategy: "linear" }),
    [8, 7, 6, 5, 4, 4],
  ],
])("%s takes the values it should", (_name, schedule, values) => {
  expectValues(schedule, values);
});
