import { describe, expect, test } from "vitest";
import { RMSprop } from "../../src/optim/rmsprop.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { followElements } from "../support/textbook.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();

describe.each(runtimes)("RMSprop on $backend", (runtime) => {
  test.each(goldenCases("optim/rmsprop"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const rmsprop = new RMSprop(groupsOf(golden, params), camelCase(golden.config));
    followTrajectory(golden, params, rmsprop);
    expectState(golden, rmsprop.stateDict());
  });

  test.each([
    [false, 0],
    [false, 0.8],
    [true, 0],
    [true, 0.8],
  ])("with eps inside the root follows Graves's rule: centered %s, momentum %f", (centered, momentum) => {
    const options = { lr: 0.01, alpha: 0.9, eps: 0.01, weightDecay: 0.05, centered, momentum };
    followElements(
      runtime,
      (params) => new RMSprop(params, { ...options, epsPlace: "inside", maximize: true }),
      () => {
        let [square, mean, buffer] = [0, 0, 0];
        return (w, g) => {
          const grad = -g + 0.05 * w;
          square = 0.9 * square + 0.1 * grad ** 2;
          mean = 0.9 * mean + 0.1 * grad;
          buffer = momentum * buffer + grad / Math.sqrt(square - (centered ? mean ** 2 : 0) + 0.01);
          return w - 0.01 * buffer;
        };
      },
    );
  });

  test("centered stays finite where rounding leaves the variance below zero", () => {
    const params = runtime.parameters({ w: [64] });
    const { data, grad } = params.get("w");
    for (let i = 0; i < 64; i++) grad[i] = 1 + i / 64;
    const rmsprop = new RMSprop(params, { centered: true, alpha: 0.5 });
    for (let t = 0; t < 100; t++) rmsprop.step();
    const { square_avg: square, grad_avg: mean } = rmsprop.stateDict().state["w"]!;
    expect(square!.some((v, i) => Math.fround(v - Math.fround(mean![i]! ** 2)) < 0)).toBe(true);
    expect(data.every(Number.isFinite)).toBe(true);
  });
});
