import { describe, test } from "vitest";
import { AdaBound } from "../../src/optim/adaBound.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { followTextbook, type Textbook, textbookParameters } from "../support/textbook.ts";
import { camelCase, expectState, followTrajectory, parametersOf } from "../support/trajectory.ts";

const [beta1, beta2, finalLr, gamma, eps] = [0.8, 0.95, 0.1, 0.3, 1e-3];
/** Starts at 0, which cannot be what the schedule is measured by. */
const lrAt = (step: number) => (step === 0 ? 0 : 0.02 * 0.9 ** step);

/** Luo et al. 2019, Algorithm 2, with the bias corrections, eps and scheduled bounds of the authors' code. */
function scheduled(size: number): Textbook {
  const m = Array(size).fill(0);
  const v = Array(size).fill(0);
  return (p, g, t) => {
    const lr = lrAt(t - 1);
    const final = (finalLr * lr) / lrAt(1);
    for (let i = 0; i < size; i++) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i]!;
      v[i] = beta2 * v[i] + (1 - beta2) * g[i]! ** 2;
      const rate = ((lr / (1 - beta1 ** t)) * Math.sqrt(1 - beta2 ** t)) / (Math.sqrt(v[i]) + eps);
      const low = final - final / (gamma * t + 1);
      const high = final + final / (gamma * t);
      p[i]! -= Math.min(Math.max(rate, low), high) * m[i];
    }
  };
}

describe.each(await loadAll())("AdaBound on $backend", (runtime) => {
  test.each(goldenCases("optim/adabound"))("follows its authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const optimizer = new AdaBound(params, camelCase(golden.config));
    followTrajectory(golden, params, optimizer);
    expectState(golden, optimizer.stateDict());
  });

  test("scales finalLr by lr over the first lr that is not 0", () => {
    const params = textbookParameters(runtime);
    const optimizer = new AdaBound(params, { lr: lrAt, betas: [beta1, beta2], finalLr, gamma, eps });
    followTextbook(params, optimizer, scheduled);
  });
});
