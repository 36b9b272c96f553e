import { describe, test } from "vitest";
import { Adamax } from "../../src/optim/adamax.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

describe.each(await loadAll())("Adamax on $backend", (runtime) => {
  test.each(goldenCases("optim/adamax"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const adamax = new Adamax(groupsOf(golden, params), camelCase(golden.config));
    followTrajectory(golden, params, adamax);
    expectState(golden, adamax.stateDict());
  });
});
