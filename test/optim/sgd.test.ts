import { describe, expect, test } from "vitest";
import { SGD } from "../../src/optim/sgd.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();

describe.each(runtimes)("SGD on $backend", (runtime) => {
  test.each(goldenCases("optim/sgd"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    followTrajectory(golden, params, new SGD(groupsOf(golden, params), camelCase(golden.config)));
  });
});

test("SGD refuses nesterov without momentum, or with dampening", () => {
  const params = runtimes[0]!.parameters({ w: [2] });
  expect(() => new SGD(params, { nesterov: true })).toThrow(/nesterov: got true, expected momentum above 0/);
  expect(() => new SGD(params, { nesterov: true, momentum: 0.9, dampening: 0.1 })).toThrow(/dampening 0/);
});
