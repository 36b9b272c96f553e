import { describe, expect, test } from "vitest";
import { NAdam } from "../../src/optim/nadam.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { followElements } from "../support/textbook.ts";
import { camelCase, expectState, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

describe.each(await loadAll())("NAdam on $backend", (runtime) => {
  test.each(goldenCases("optim/nadam"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const nadam = new NAdam(groupsOf(golden, params), camelCase(golden.config));
    followTrajectory(golden, params, nadam);
    expectState(golden, nadam.stateDict());
    const product = Object.values(golden.state)[0]!["mu_product"] as number;
    // torch keeps the product in float32.
    expect(Math.abs(nadam.groups[0]!.mu_product / product - 1)).toBeLessThan(1e-5);
  });

  test("with decoupled weight decay follows Dozat's rule on decayed parameters", () => {
    const options = { lr: 0.02, betas: [0.8, 0.95] as [number, number], eps: 0.01, momentumDecay: 0.05 };
    followElements(
      runtime,
      (params) => new NAdam(params, { ...options, weightDecay: 0.5, decoupledWeightDecay: true, maximize: true }),
      () => {
        const mu = (t: number) => 0.8 * (1 - 0.5 * 0.96 ** (t * 0.05));
        let [m, v, product] = [0, 0, 1];
        return (w, g, t) => {
          const grad = -g;
          m = 0.8 * m + 0.2 * grad;
          v = 0.95 * v + 0.05 * grad ** 2;
          product *= mu(t);
          const ahead = ((1 - mu(t)) * grad) / (1 - product) + (mu(t + 1) * m) / (1 - product * mu(t + 1));
          return w - 0.02 * 0.5 * w - (0.02 * ahead) / (Math.sqrt(v / (1 - 0.95 ** t)) + 0.01);
        };
      },
    );
  });
});
