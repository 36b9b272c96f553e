import { describe } from "vitest";
import { zLoss } from "../../src/losses/zLoss.ts";
import { testGolden } from "../support/losses.ts";

describe("golden", () => {
  testGolden("penalties", {
    z_loss: ({ inputs, gradients, options, config }) =>
      zLoss(inputs["logits"]!, { ...options, beta: config["beta"] as number, gradient: gradients["logits"]! }),
  });
});
