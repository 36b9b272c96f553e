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

test("a first lr of 0 starts from the smallest step, and a later one means nothing, as in torch", () => {
  const params = runtimes[0]!.parameters({ w: [2] });
  const { data, grad } = params.get("w");
  grad.set([1, 0]);
  const rprop = new Rprop(params, { lr: 0, stepSizes: [2 ** -10, 1], etas: [0.5, 2] });
  rprop.step();
  expect([...data]).toEqual([-(2 ** -10), 0]);
  rprop.step();
  expect([...data]).toEqual([-3 * 2 ** -10, 0]);
  // By then lr is where no step comes from, so that a schedule may end at 0.
  const other = runtimes[0]!.parameters({ w: [2] });
  other.get("w").grad.set([1, 0]);
  const scheduled = new Rprop(other, { lr: (step) => (step === 0 ? 0.25 : 0), etas: [0.5, 2] });
  scheduled.step();
  scheduled.step();
  expect([...other.get("w").data]).toEqual([-0.75, 0]);
});

test("Rprop refuses etas that do not shrink and grow, and step sizes the wrong way round", () => {
  const params = runtimes[0]!.parameters({ w: [2] });
  expect(() => new Rprop(params, { etas: [1, 1.2] })).toThrow("etas: got [1, 1.2], expected one below and one above 1");
  expect(() => new Rprop(params, { etas: [0.5, 1] })).toThrow(/^etas/);
  expect(() => new Rprop(params, { stepSizes: [1, 0.5] })).toThrow(/^stepSizes: got \[1, 0.5\]/);
});
