import { expect, test } from "vitest";
import { readOptions, writeOptions } from "../../src/adapters/optionsJson.ts";
import { schedules } from "../../src/index.ts";
import { variants } from "../support/specs.ts";

test.each(variants)("$title survives JSON", ({ Optimizer, options }) => {
  const all = Object.entries(Optimizer.spec.options).map(([key, option]) => [key, option.default]);
  const given = { ...Object.fromEntries(all), ...options } as Record<string, unknown>;
  const text = JSON.stringify(writeOptions("options", given));
  expect(readOptions(Optimizer.spec.options, JSON.parse(text))).toEqual(given);
});

test("schedules are written and read, inside lists too", () => {
  const { options } = variants.find(({ title }) => title === "Adam {}")!.Optimizer.spec;
  const lr = schedules.warmupCosine({ peak: 0.1, warmup: 3, total: 9 });
  const beta = schedules.stepDecay({ value: 0.9, gamma: 0.5, every: 10 });
  const written = writeOptions("options", { lr, betas: [beta, 0.99], nonFinite: "skip", amsgrad: undefined });
  expect(written).toEqual({ lr: String(lr), betas: [String(beta), 0.99], nonFinite: "skip" });
  const read = readOptions(options, written as Record<string, unknown>) as { lr: typeof lr; nonFinite: string };
  expect([0, 2, 5, 9].map(read.lr)).toEqual([0, 2, 5, 9].map(lr));
  expect(read.nonFinite).toBe("skip");
});

test("what cannot be written is refused by name", () => {
  expect(() => writeOptions("Adam", { lr: (step: number) => step })).toThrow("Adam.lr: got a function (lr)");
  expect(() => writeOptions("Adam", { lr: schedules.lambda({ value: 1, factor: (step) => step }) })).toThrow(
    "schedule",
  );
  expect(() => writeOptions("Adam", { groups: [{ where: () => true }] })).toThrow(
    "Adam.groups[0].where: got a function",
  );
});
