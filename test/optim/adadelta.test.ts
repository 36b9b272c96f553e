import { describe, test } from "vitest";
import { Adadelta } from "../../src/optim/adadelta.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

describe.each(await loadAll())("Adadelta on $backend", (runtime) => {
  test.each(goldenCases("optim/adadelta"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const adadelta = new Adadelta(groupsOf(golden, params), camelCase(golden.config));
    followTrajectory(golden, params, adadelta);
    expectState(golden, adadelta.stateDict());
  });
});
