import { describe } from "vitest";
import { contrastive, tripletMargin, tripletSquared } from "../../src/losses/metric.ts";
import { type Trial, testGolden } from "../support/losses.ts";

function ofPair({ inputs, gradients, options, config }: Trial, form: "half" | "hadsell"): number {
  const [x1, x2] = ["x1", "x2"] as const;
  return contrastive(inputs[x1]!, inputs[x2]!, inputs["y"]!, {
    ...options,
    margin: config["margin"] as number,
    form,
    gradient1: gradients[x1]!,
    gradient2: gradients[x2]!,
  });
}

function tripletOptions({ gradients, options, config }: Trial) {
  return {
    ...options,
    margin: config["margin"] as number,
    swap: (config["swap"] as boolean | undefined) ?? false,
    gradientAnchor: gradients["anchor"]!,
    gradientPositive: gradients["positive"]!,
    gradientNegative: gradients["negative"]!,
  };
}

describe("golden", () => {
  testGolden("metric", {
    contrastive: (trial) => ofPair(trial, "half"),
    contrastive_hadsell: (trial) => ofPair(trial, "hadsell"),
    triplet_squared: (trial) => {
      const { anchor, positive, negative } = trial.inputs;
      return tripletSquared(anchor!, positive!, negative!, tripletOptions(trial));
    },
    triplet_margin: (trial) => {
      const { anchor, positive, negative } = trial.inputs;
      const p = (trial.config["p"] as 1 | 2 | undefined) ?? 2;
      return tripletMargin(anchor!, positive!, negative!, { ...tripletOptions(trial), p });
    },
  });
});
