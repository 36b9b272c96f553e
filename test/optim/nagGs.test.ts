import { describe, expect, test } from "vitest";
import { NAGGS } from "../../src/optim/nagGs.ts";
import { goldenCases, type OptimizerCase } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();
const cases = goldenCases<OptimizerCase & { gamma?: number[] }>("optim/nag_gs");

/** The recorded codes are one rule with these options. */
function optionsOf({ config: { gamma, ...config }, source }: OptimizerCase) {
  const constantGamma = source.includes(":NAG4");
  const skipFirstGradient = source.includes("nag_gs_jax.py");
  return { ...camelCase(config), gamma0: gamma as number, constantGamma, skipFirstGradient };
}

/** The state with v under that name, whatever the code calls it. */
function renamed(golden: OptimizerCase): OptimizerCase {
  const entries = Object.entries(golden.state).map(([name, { v, state }]) => [name, { v: v ?? state }]);
  return { ...golden, state: Object.fromEntries(entries) };
}

describe.each(runtimes)("NAG-GS on $backend", (runtime) => {
  test.each(cases)("follows its authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const optimizer = new NAGGS(params, optionsOf(golden));
    followTrajectory(golden, params, optimizer);
    expectState(renamed(golden), optimizer.stateDict());
  });
});

test.each(cases)("gamma moves as in NAG-GS's authors' code: $name", (golden) => {
  const optimizer = new NAGGS(parametersOf(runtimes[0]!, golden), optionsOf(golden));
  const [group] = optimizer.groups as [(typeof optimizer.groups)[0]];
  const gamma = golden.gamma ?? golden.grads.map(() => golden.config["gamma"] as number);
  for (const [i, expected] of gamma.entries()) {
    if (golden.lr_per_step) Object.assign(group, { lr: golden.lr_per_step[i]![0] });
    optimizer.step();
    expect(Math.abs(group.gamma - expected)).toBeLessThanOrEqual(1e-12 * expected);
  }
});
