import { describe } from "vitest";
import { binaryCrossEntropyWithLogits } from "../../src/losses/binaryCrossEntropy.ts";
import { testGolden } from "../support/losses.ts";

describe("golden", () => {
  testGolden("bce_with_logits", {
    bce_with_logits: ({ inputs, gradients, options }) =>
      binaryCrossEntropyWithLogits(inputs["logits"]!, inputs["target"]!, {
        ...options,
        gradient: gradients["logits"]!,
        ...(inputs["pos_weight"] && { posWeight: inputs["pos_weight"] }),
        ...(inputs["weight"] && { weight: inputs["weight"] }),
      }),
  });
});
