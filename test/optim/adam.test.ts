import { describe, test } from "vitest";
import { Adam, AdamW } from "../../src/optim/adam.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

describe.each(await loadAll())("on $backend", (runtime) => {
  test.each(goldenCases("optim/adam"))("Adam follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    followTrajectory(golden, params, new Adam(groupsOf(golden, params), camelCase(golden.config)));
  });

  test.each(goldenCases("optim/adamw"))("AdamW follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    followTrajectory(golden, params, new AdamW(groupsOf(golden, params), camelCase(golden.config)));
  });

  test.each(goldenCases("optim/adam_nobias"))("without bias correction follows BERT's Adam: $name", (golden) => {
    const { decoupled, ...config } = golden.config;
    const params = parametersOf(runtime, golden);
    const Optimizer = decoupled ? AdamW : Adam;
    followTrajectory(
      golden,
      params,
      new Optimizer(params, { weightDecay: 0, ...camelCase(config), biasCorrection: false }),
    );
  });
});
