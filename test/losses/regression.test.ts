import { describe } from "vitest";
import { huber, l1, mse, smoothL1 } from "../../src/losses/regression.ts";
import { type Trial, testGolden } from "../support/losses.ts";

const options = (trial: Trial) => ({ ...trial.options, gradient: trial.gradients["input"]! });

describe("golden", () => {
  testGolden("regression", {
    mse: (trial) => mse(trial.inputs["input"]!, trial.inputs["target"]!, options(trial)),
    l1: (trial) => l1(trial.inputs["input"]!, trial.inputs["target"]!, options(trial)),
    huber: (trial) =>
      huber(trial.inputs["input"]!, trial.inputs["target"]!, {
        ...options(trial),
        delta: trial.config["delta"] as number,
      }),
    smooth_l1: (trial) =>
      smoothL1(trial.inputs["input"]!, trial.inputs["target"]!, {
        ...options(trial),
        beta: trial.config["beta"] as number,
      }),
  });
});
