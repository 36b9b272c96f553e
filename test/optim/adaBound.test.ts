import { describe, test } from "vitest";
import { AdaBound } from "../../src/optim/adaBound.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, parametersOf } from "../support/trajectory.ts";

describe.each(await loadAll())("AdaBound on $backend", (runtime) => {
  test.each(goldenCases("optim/adabound"))("follows its authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const optimizer = new AdaBound(params, camelCase(golden.config));
    followTrajectory(golden, params, optimizer);
    expectState(golden, optimizer.stateDict());
  });
});
