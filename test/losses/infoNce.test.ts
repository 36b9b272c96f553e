import { describe, expect, test } from "vitest";
import { infoNce, ntXent } from "../../src/losses/infoNce.ts";
import { runtimes, type Trial, testGolden } from "../support/losses.ts";

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

const [rt] = runtimes as [(typeof runtimes)[0]];

test("a row of zeros has a finite loss, and its gradient is that of x / eps", () => {
  const a = rt.tensor([2, 2], { values: [0, 0, 3, 4] });
  const b = rt.tensor([2, 2], { values: [1, 0, 0, 2] });
  const gradientA = rt.tensor([2, 2]);
  const value = infoNce(a, b, { temperature: 1, gradientA });
  // Logits of the rows: [0, 0] and [0.6, 0.8].
  expect(value).toBeCloseTo((Math.log(2) + Math.log(1 + Math.exp(-0.2))) / 2, 6);
  expect([...gradientA.data.subarray(0, 2)].map((g) => g * 1e-12)).toEqual(
    [-0.25, 0.25].map((g) => expect.closeTo(g, 6)),
  );
});

test("memory is given back, also where an argument is refused", () => {
  const features = rt.tensor([4, 2], { values: [1, 2, 3, 4, 5, 6, 7, 8] });
  ntXent(features);
  const before = rt.heap.used;
  ntXent(features);
  expect(() => ntXent(features, { reduction: "none" })).toThrow("losses");
  expect(rt.heap.used).toBe(before);
});

test("bad arguments are named", () => {
  const odd = rt.tensor([3, 2]);
  expect(() => ntXent(odd)).toThrow("features: got [3, 2], expected an even number of rows");
  expect(() => infoNce(odd, rt.tensor([2, 2]))).toThrow("b: got [2, 2]");
  expect(() => infoNce(odd, odd, { temperature: 0 })).toThrow("temperature: got 0, expected a number in (0, inf)");
  expect(() => infoNce(odd, odd, { symmetric: 1 as unknown as boolean })).toThrow("symmetric: got 1");
  expect(() => infoNce(odd, odd, { normalize: 1 as unknown as boolean })).toThrow("normalize: got 1");
  expect(() => infoNce(rt.tensor([4]), odd)).toThrow("a: got [4], expected two axes");
});
