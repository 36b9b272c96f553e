import { describe, expect, test } from "vitest";
import { Adafactor } from "../../src/optim/adafactor.ts";
import { goldenCases, type OptimizerCase } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();

/** torch's names for the state. */
const SLOTS: Readonly<Record<string, string>> = {
  row_var: "exp_avg_sq_row",
  col_var: "exp_avg_sq_col",
  variance: "exp_avg_sq",
};

function optionsOf({ name, config }: OptimizerCase): ConstructorParameters<typeof Adafactor>[1] {
  if (!name.startsWith("torch25_")) return camelCase(config);
  const { d = 1, ...rest } = config;
  return { ...camelCase(rest), clipThreshold: d as number, variant: "torch" };
}

describe.each(runtimes)("Adafactor on $backend", (runtime) => {
  test.each(goldenCases("optim/adafactor"))("follows fairseq or torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const optimizer = new Adafactor(params, optionsOf(golden));
    followTrajectory(golden, params, optimizer);
    expectState(golden, optimizer.stateDict(), 1e-5, SLOTS);
  });
});

const [rt] = runtimes;

test("state grows with rows and columns, not with elements", () => {
  const params = rt!.parameters({ w: [300, 200], k: [6, 4, 3, 3], b: [300] });
  const numbersKept = 300 + 200 + 6 * 4 * (3 + 3) + 300;
  expect(Adafactor.bytes(params)).toBe(4 * numbersKept);
  expect(new Adafactor(params).bytes).toBe(4 * numbersKept);
  expect(Adafactor.bytes(params, { beta1: 0.9 })).toBe(4 * (numbersKept + params.size));
});

test("an infinite threshold is one that clips nothing", () => {
  const [never, barely] = [Infinity, 1e6].map((clipThreshold) => {
    const params = rt!.parameters({ w: [5, 6], b: [7] });
    for (const { grad } of params) for (let i = 0; i < grad.length; i++) grad[i] = Math.sin(i + 1);
    const optimizer = new Adafactor(params, { clipThreshold });
    for (let t = 0; t < 5; t++) optimizer.step();
    return [...params].map(({ data }) => [...data]);
  });
  expect(never).toEqual(barely);
});

test("refuses warmupInit without relativeStep, which it would cap", () => {
  const params = rt!.parameters({ w: [2, 2] });
  expect(() => new Adafactor(params, { warmupInit: true, relativeStep: false })).toThrow(/warmupInit: got true/);
});
