import { describe, expect, test } from "vitest";
import { zLoss } from "../../src/losses/zLoss.ts";
import { runtimes, testGolden } from "../support/losses.ts";

describe("golden", () => {
  testGolden("penalties", {
    z_loss: ({ inputs, gradients, options, config }) =>
      zLoss(inputs["logits"]!, { ...options, beta: config["beta"] as number, gradient: gradients["logits"]! }),
  });
});

test("bad arguments are named", () => {
  const [rt] = runtimes as [(typeof runtimes)[0]];
  expect(() => zLoss(rt.tensor([3]))).toThrow("logits: got [3], expected two axes");
  expect(() => zLoss(rt.tensor([3, 2]), { beta: -1 })).toThrow("beta: got -1");
});
