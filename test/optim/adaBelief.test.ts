import { describe, expect, test } from "vitest";
import { AdaBelief } from "../../src/optim/adaBelief.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { followTextbook, type Textbook, textbookParameters } from "../support/textbook.ts";
import { camelCase, expectState, followTrajectory, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();
const [lr, beta1, beta2, eps, weightDecay] = [0.02, 0.8, 0.99, 1e-3, 0.03];

/** The authors' rectified step with the options that no recorded case has: fixed_decay, and no degenerated_to_sgd. */
function rectified(size: number): Textbook {
  const m = Array(size).fill(0);
  const s = Array(size).fill(0);
  return (p, g, t) => {
    const longest = 2 / (1 - beta2) - 1;
    const length = longest - (2 * t * beta2 ** t) / (1 - beta2 ** t);
    const r = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length);
    for (let i = 0; i < size; i++) {
      p[i]! *= 1 - weightDecay;
      m[i] = beta1 * m[i] + (1 - beta1) * g[i]!;
      s[i] = beta2 * s[i] + (1 - beta2) * (g[i]! - m[i]) ** 2 + eps;
      if (length < 5) continue;
      p[i]! -= (lr * Math.sqrt((1 - beta2 ** t) * r) * (m[i] / (1 - beta1 ** t))) / (Math.sqrt(s[i]) + eps);
    }
  };
}

describe.each(runtimes)("AdaBelief on $backend", (runtime) => {
  test.each(goldenCases("optim/adabelief"))("follows its authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const optimizer = new AdaBelief(params, camelCase(golden.config));
    followTrajectory(golden, params, optimizer);
    expectState(golden, optimizer.stateDict());
  });

  test("follows the rule with fixedDecay and without degeneratedToSgd", () => {
    const params = textbookParameters(runtime);
    const options = { lr, eps, weightDecay, fixedDecay: true, degeneratedToSgd: false };
    followTextbook(params, new AdaBelief(params, { ...options, betas: [beta1, beta2] }), rectified);
  });
});

test("AdaBelief refuses what its authors' code would ignore", () => {
  const params = textbookParameters(runtimes[0]!);
  expect(() => new AdaBelief(params, { amsgrad: true })).toThrow("amsgrad: got true, expected rectify false with it");
  expect(() => new AdaBelief(params, { fixedDecay: true, weightDecouple: false })).toThrow(
    "fixedDecay: got true, expected weightDecouple true with it",
  );
});
