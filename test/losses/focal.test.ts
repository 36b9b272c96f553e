import { describe } from "vitest";
import { sigmoidFocal, softmaxFocal } from "../../src/losses/focal.ts";
import { testGolden } from "../support/losses.ts";

describe("golden", () => {
  testGolden("focal", {
    sigmoid_focal: ({ inputs, gradients, options, config }) =>
      sigmoidFocal(inputs["logits"]!, inputs["target"]!, {
        ...options,
        gradient: gradients["logits"]!,
        alpha: config["alpha"] as number,
        gamma: config["gamma"] as number,
      }),
    softmax_focal: ({ runtime, inputs, gradients, options, config, classes }) => {
      const alpha = config["alpha"] as readonly number[] | undefined;
      return softmaxFocal(inputs["logits"]!, classes("target"), {
        ...options,
        gradient: gradients["logits"]!,
        gamma: config["gamma"] as number,
        ...(alpha && { alpha: runtime.tensor([alpha.length], { values: alpha }) }),
      });
    },
  });
});
