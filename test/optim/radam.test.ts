import { describe, test } from "vitest";
import { RAdam } from "../../src/optim/radam.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { followElements } from "../support/textbook.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

describe.each(await loadAll())("RAdam on $backend", (runtime) => {
  test.each(goldenCases("optim/radam"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const radam = new RAdam(groupsOf(golden, params), camelCase(golden.config));
    followTrajectory(golden, params, radam);
    expectState(golden, radam.stateDict());
  });

  test.each([
    [0.95, "rectified from the sixth step on"],
    [0.6, "never rectified"],
  ])("with decoupled weight decay follows Liu's rule on decayed parameters: beta2 %f, %s", (beta2) => {
    const options = { lr: 0.02, betas: [0.8, beta2] as [number, number], eps: 0.01, weightDecay: 0.5 };
    followElements(
      runtime,
      (params) => new RAdam(params, { ...options, decoupledWeightDecay: true, maximize: true }),
      () => {
        const limit = 2 / (1 - beta2) - 1;
        let [m, v] = [0, 0];
        return (w, g, t) => {
          const grad = -g;
          m = 0.8 * m + 0.2 * grad;
          v = beta2 * v + (1 - beta2) * grad ** 2;
          const hat = m / (1 - 0.8 ** t);
          const rho = limit - (2 * t * beta2 ** t) / (1 - beta2 ** t);
          const decayed = w - 0.02 * 0.5 * w;
          if (rho <= 5) return decayed - 0.02 * hat;
          const r = Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
          return decayed - (0.02 * hat * r * Math.sqrt(1 - beta2 ** t)) / (Math.sqrt(v) + 0.01);
        };
      },
    );
  });
});
