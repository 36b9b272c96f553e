import { describe } from "vitest";
import { l1Penalty, l2Penalty } from "../../src/losses/penalty.ts";
import type { Selection } from "../../src/parameters.ts";
import { type Trial, testGolden } from "../support/losses.ts";

/** The penalty of one parameter, whose gradient goes where the case wants it. */
function penalty({ runtime, inputs, gradients }: Trial, of: (params: Selection) => number): number {
  const w = inputs["w"]!;
  const params = runtime.parameters({ w: w.shape });
  params.get("w").data.set(w.data);
  const value = of(params);
  gradients["w"]!.data.set(params.get("w").grad);
  return value;
}

describe("golden", () => {
  testGolden("penalties", {
    l1_penalty: (trial) => penalty(trial, (params) => l1Penalty(params, trial.config["lambda"] as number)),
    l2_penalty: (trial) => penalty(trial, (params) => l2Penalty(params, trial.config["lambda"] as number)),
    l2_penalty_half: (trial) => penalty(trial, (params) => l2Penalty(params, (trial.config["lambda"] as number) / 2)),
  });
});
