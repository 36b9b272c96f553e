import { describe, expect, test } from "vitest";
import { ScheduleFreeAdamW, ScheduleFreeRAdam, ScheduleFreeSGD } from "../../src/optim/scheduleFree.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import { expectFaithful, goldenCases, numbers, type OptimizerCase } from "../support/golden.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

interface ScheduleFreeCase extends OptimizerCase {
  readonly after_x: OptimizerCase["after"];
  readonly after_x32: OptimizerCase["after"];
  readonly after_z: OptimizerCase["after"];
  readonly after_z32: OptimizerCase["after"];
  readonly scheduled_lr: readonly number[];
  readonly weight_sum: readonly number[];
}

type ScheduleFree = ScheduleFreeSGD | ScheduleFreeAdamW | ScheduleFreeRAdam;

/** Holds y to the recorded one, and beside it x, z and the numbers of the first group. */
function follow(golden: ScheduleFreeCase, params: Parameters, optimizer: ScheduleFree): void {
  followTrajectory(golden, params, optimizer, expectFaithful, (step) => {
    const [group] = optimizer.groups;
    expect(group!.k).toBe(step);
    // 1e-10 because rho is a difference of numbers near 2000 in both.
    for (const key of ["scheduled_lr", "weight_sum"] as const) {
      const expected = golden[key][step - 1]!;
      expect(Math.abs(group![key] - expected), key).toBeLessThanOrEqual(1e-10 * expected);
    }
    if (!golden.after_x[step]) return;
    const { state, point } = optimizer.stateDict();
    expect(point).toBe("y");
    const before = [...params].map(({ data }) => [...bitsOf(data)]);
    const x = optimizer.withEvalParams(() => [...params].map(({ data }) => data.slice()));
    expect([...params].map(({ data }) => [...bitsOf(data)])).toEqual(before);
    for (const [i, { name }] of [...params].entries()) {
      const where = `${golden.name}, step ${step}, ${name}`;
      const init = numbers(golden.init[name]!).map(Math.fround);
      const expected = (key: "after_x" | "after_x32" | "after_z" | "after_z32") => numbers(golden[key][step]![name]!);
      expectFaithful(`${where}, x`, x[i]!, expected("after_x"), expected("after_x32"), init);
      expectFaithful(`${where}, z`, state[name]!["z"]!, expected("after_z"), expected("after_z32"), init);
    }
  });
  expectState(golden, optimizer.stateDict(), 1e-5);
}

const runtimes = await loadAll();

describe.each(runtimes)("on $backend", (runtime) => {
  const cases = (family: string) => goldenCases<ScheduleFreeCase>(`optim/${family}`);

  test.each(cases("schedulefree_sgd"))("ScheduleFreeSGD follows the authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    follow(golden, params, new ScheduleFreeSGD(params, camelCase(golden.config)));
  });

  test.each(cases("schedulefree_adamw"))("ScheduleFreeAdamW follows the authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const variant = golden.name.startsWith("PAPER_VARIANT_") ? "paper" : "code";
    follow(golden, params, new ScheduleFreeAdamW(groupsOf(golden, params), { ...camelCase(golden.config), variant }));
  });

  test.each(cases("schedulefree_radam"))("ScheduleFreeRAdam follows the authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    follow(golden, params, new ScheduleFreeRAdam(params, camelCase(golden.config)));
  });
});

test("before the first step x is where the parameters are", () => {
  const params = runtimes[0]!.parameters({ w: [3] });
  params.get("w").data.set([1, 2, 3]);
  const optimizer = new ScheduleFreeSGD(params);
  expect(optimizer.withEvalParams(() => [...params.get("w").data])).toEqual([1, 2, 3]);
});

test("a learning rate of 0 moves nothing and weighs nothing", () => {
  const params = runtimes[0]!.parameters({ w: [3] });
  params.get("w").grad.fill(1);
  const optimizer = new ScheduleFreeAdamW(params, { lr: (step) => (step < 2 ? 0 : 0.1) });
  optimizer.step();
  optimizer.step();
  expect([...params.get("w").data]).toEqual([0, 0, 0]);
  expect(optimizer.groups[0]).toMatchObject({ weight_sum: 0, ckp1: 0 });
  optimizer.step();
  expect(optimizer.groups[0]!.ckp1).toBe(1);
});
