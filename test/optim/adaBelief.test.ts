import { describe, test } from "vitest";
import { AdaBelief } from "../../src/optim/adaBelief.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, parametersOf } from "../support/trajectory.ts";

describe.each(await loadAll())("AdaBelief on $backend", (runtime) => {
  test.each(goldenCases("optim/adabelief"))("follows its authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const optimizer = new AdaBelief(params, camelCase(golden.config));
    followTrajectory(golden, params, optimizer);
    expectState(golden, optimizer.stateDict());
  });
});
