import { describe, expect, test } from "vitest";
import { ASGD } from "../../src/optim/asgd.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();

describe.each(runtimes)("ASGD on $backend", (runtime) => {
  test.each(goldenCases("optim/asgd"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const asgd = new ASGD(groupsOf(golden, params), camelCase(golden.config));
    followTrajectory(golden, params, asgd);
    expectState(golden, asgd.stateDict());
    const { state } = asgd.stateDict();
    asgd.withEvalParams(() => {
      for (const { name, data } of params) expect([...data]).toEqual([...state[name]!["ax"]!]);
    });
  });
});

test("ASGD's eta and mu are torch's, which it keeps for the step to come", () => {
  for (const golden of goldenCases("optim/asgd")) {
    const params = parametersOf(runtimes[0]!, golden);
    const asgd = new ASGD(params, camelCase(golden.config));
    for (let t = 0; t <= golden.grads.length; t++) asgd.step();
    const { eta, mu } = Object.values(golden.state)[0]!;
    expect(asgd.groups[0]!.eta).toBeCloseTo(eta as number, 14);
    expect(asgd.groups[0]!.mu).toBeCloseTo(mu as number, 14);
  }
});

test("ASGD averages a parameter that was frozen for a while from its own first step", () => {
  const params = runtimes[0]!.parameters({ w: [3], late: [3] });
  const asgd = new ASGD(params, { t0: 0 });
  params.get("late").frozen = true;
  for (let t = 0; t < 10; t++) asgd.step();
  params.get("late").frozen = false;
  params.get("late").data.fill(7);
  asgd.step();
  const { late } = asgd.stateDict().state;
  expect(late!["ax"]).toEqual(params.get("late").data.slice());
});
