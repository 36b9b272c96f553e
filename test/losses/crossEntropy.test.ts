import { describe } from "vitest";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { testGolden } from "../support/losses.ts";

describe("golden", () => {
  testGolden("cross_entropy", {
    cross_entropy: ({ inputs, gradients, options, config, classes }) =>
      crossEntropy(inputs["logits"]!, config["soft"] ? inputs["target"]! : classes("target"), {
        ...options,
        gradient: gradients["logits"]!,
        ...(inputs["weight"] && { weight: inputs["weight"] }),
        labelSmoothing: (config["label_smoothing"] as number | undefined) ?? 0,
        ...(config["ignore_index"] !== undefined && { ignoreIndex: config["ignore_index"] as number }),
      }),
  });
});
