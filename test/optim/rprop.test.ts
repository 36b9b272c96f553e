import { describe, expect, test } from "vitest";
import { Rprop } from "../../src/optim/rprop.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();

describe.each(runtimes)("Rprop on $backend", (runtime) => {
  test.each(goldenCases("optim/rprop"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const rprop = new Rprop(groupsOf(golden, params), camelCase(golden.config));
    followTrajectory(golden, params, rprop);
    expectState(golden, rprop.stateDict());
  });

  test("sees the sign of gradients whose product would round to zero", () => {
    const params = runtime.parameters({ w: [5] });
    const { data, grad } = params.get("w");
    grad.fill(1e-30);
    const rprop = new Rprop(params, { lr: 0.25, etas: [0.5, 2] });
    rprop.step();
    expect([...data]).toEqual([-0.25, -0.25, -0.25, -0.25, -0.25]);
    rprop.step();
    expect([...data]).toEqual([-0.75, -0.75, -0.75, -0.75, -0.75]);
    grad.fill(-1e-30);
    rprop.step();
    expect([...data]).toEqual([-0.75, -0.75, -0.75, -0.75, -0.75]);
    rprop.step();
    expect([...data]).toEqual([-0.5, -0.5, -0.5, -0.5, -0.5]);
  });
});

test("Rprop refuses etas that do not shrink and grow, and step sizes the wrong way round", () => {
  const params = runtimes[0]!.parameters({ w: [2] });
  expect(() => new Rprop(params, { etas: [1, 1.2] })).toThrow("etas: got [1, 1.2], expected one below and one above 1");
  expect(() => new Rprop(params, { etas: [0.5, 1] })).toThrow(/^etas/);
  expect(() => new Rprop(params, { stepSizes: [1, 0.5] })).toThrow(/^stepSizes: got \[1, 0.5\]/);
});
