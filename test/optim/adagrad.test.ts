import { describe, expect, test } from "vitest";
import { Adagrad } from "../../src/optim/adagrad.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { followElements } from "../support/textbook.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();

describe.each(runtimes)("Adagrad on $backend", (runtime) => {
  test.each(goldenCases("optim/adagrad"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const adagrad = new Adagrad(groupsOf(golden, params), camelCase(golden.config));
    followTrajectory(golden, params, adagrad);
    expectState(golden, adagrad.stateDict());
  });

  test("with eps inside the root follows TensorFlow's rule", () => {
    const options = { lr: 0.2, lrDecay: 0.1, weightDecay: 0.05, initialAccumulatorValue: 0.1, eps: 0.01 };
    followElements(
      runtime,
      (params) => new Adagrad(params, { ...options, epsPlace: "inside", maximize: true }),
      () => {
        let sum = 0.1;
        return (w, g, t) => {
          const grad = -g + 0.05 * w;
          sum += grad ** 2;
          return w - ((0.2 / (1 + 0.1 * (t - 1))) * grad) / Math.sqrt(sum + 0.01);
        };
      },
    );
  });
});

test("Adagrad refuses an eps that is nowhere", () => {
  const params = runtimes[0]!.parameters({ w: [2] });
  expect(() => new Adagrad(params, { epsPlace: "both" as "inside" })).toThrow(
    'epsPlace: got "both", expected one of "outside", "inside"',
  );
});
