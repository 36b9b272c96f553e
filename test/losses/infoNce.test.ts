import { describe } from "vitest";
import { infoNce, ntXent } from "../../src/losses/infoNce.ts";
import { type Trial, testGolden } from "../support/losses.ts";

function ofPair({ inputs, gradients, options, config }: Trial, symmetric: boolean): number {
  return infoNce(inputs["a"]!, inputs["b"]!, {
    ...options,
    temperature: config["temperature"] as number,
    symmetric,
    gradientA: gradients["a"]!,
    gradientB: gradients["b"]!,
  });
}

describe("golden", () => {
  testGolden("infonce", {
    ntxent: ({ inputs, gradients, options, config }) =>
      ntXent(inputs["features"]!, {
        ...options,
        temperature: config["temperature"] as number,
        gradient: gradients["features"]!,
      }),
    infonce: (trial) => ofPair(trial, false),
    infonce_symmetric: (trial) => ofPair(trial, true),
  });
});
