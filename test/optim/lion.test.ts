import { describe, expect, test } from "vitest";
import { Lion } from "../../src/optim/lion.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();

describe.each(runtimes)("Lion on $backend", (runtime) => {
  test.each(goldenCases("optim/lion"))("follows its PyTorch port: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const optimizer = new Lion(groupsOf(golden, params), camelCase(golden.config));
    followTrajectory(golden, params, optimizer);
    expectState(golden, optimizer.stateDict());
  });
});

test("Lion's decoupled decay starts from the first learning rate that is not 0", () => {
  const params = runtimes[0]!.parameters({ w: [1] });
  const w = params.get("w");
  w.data.fill(1);
  const lr = (step: number) => [0, 0.5, 0.25][step]!;
  const optimizer = new Lion(params, { lr, weightDecay: 0.5, decoupledWeightDecay: true });
  const values = [0, 1, 2].map(() => {
    optimizer.step();
    return w.data[0];
  });
  expect(values).toEqual([1, 0.5, 0.375]);
  expect(optimizer.groups[0]).toMatchObject({ init_lr: 0.5 });
});
