import { describe, expect, test } from "vitest";
import { binaryCrossEntropyWithLogits } from "../../src/losses/binaryCrossEntropy.ts";
import { runtimes, testGolden } from "../support/losses.ts";

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

const [rt] = runtimes as [(typeof runtimes)[0]];

/** The distance between neighbouring float32 numbers around x. */
const ulp = (x: number) => 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);

/** The largest error in ulp. */
function largestError(ours: Float32Array, xs: Float32Array, truth: (x: number) => number): number {
  return xs.reduce((most, x, i) => Math.max(most, Math.abs(ours[i]! - truth(x)) / ulp(truth(x))), 0);
}

test("softplus and the logistic function are within 3 ulp, from results that are subnormal to logits of 10 000", () => {
  const near = Array.from({ length: 40_001 }, (_, i) => (i - 20_000) / 200);
  const logits = rt.tensor([near.length + 4], { values: [...near, 1e4, -1e4, 1e-30, -1e-30] });
  const [losses, gradient] = [rt.tensor(logits.shape), rt.tensor(logits.shape)];
  const ones = rt.tensor(logits.shape);
  ones.data.fill(1);
  const xs = logits.data.slice();
  binaryCrossEntropyWithLogits(logits, rt.tensor(logits.shape), { reduction: "none", losses, gradient });
  expect(largestError(losses.data, xs, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))).toBeLessThan(3);
  expect(largestError(gradient.data, xs, (x) => (x < 0 ? Math.exp(x) : 1) / (1 + Math.exp(-Math.abs(x))))).toBeLessThan(
    3,
  );
  // The other side keeps as many digits: 1 - logistic(x) would have none left at 20.
  binaryCrossEntropyWithLogits(logits, ones, { reduction: "none", losses, gradient });
  expect(
    largestError(gradient.data, xs, (x) => -(x > 0 ? Math.exp(-x) : 1) / (1 + Math.exp(-Math.abs(x)))),
  ).toBeLessThan(3);
});

test("infinite logits that are right cost nothing to the target, NaN is handed on", () => {
  const logits = rt.tensor([2], { values: [Number.NaN, 1e4] });
  const losses = rt.tensor([2]);
  binaryCrossEntropyWithLogits(logits, rt.tensor([2], { values: [1, 1] }), { reduction: "none", losses });
  expect([...losses.data]).toEqual([Number.NaN, 0]);
});

test.each([1, 2, 5, 1000, 1024, 1500])("weights of %i columns are those of a batch written out", (columns) => {
  const shape = [3, columns];
  const draw = (size: number, seed: number) => Array.from({ length: size }, (_, i) => Math.sin(seed + i));
  const logits = rt.tensor(shape, { values: draw(3 * columns, 1) });
  const targets = rt.tensor(shape, { values: draw(3 * columns, 2).map(Math.abs) });
  const posWeight = rt.tensor([columns], { values: draw(columns, 3).map(Math.abs) });
  const [gradient, each, cell] = [rt.tensor(shape), rt.tensor([1]), rt.tensor([1])];
  binaryCrossEntropyWithLogits(logits, targets, { posWeight, gradient, reduction: "sum" });
  for (let i = 0; i < 3 * columns; i += 7) {
    cell.data[0] = logits.data[i]!;
    const target = rt.tensor([1], { values: [targets.data[i]!] });
    const weight = posWeight.data[i % columns]!;
    binaryCrossEntropyWithLogits(cell, target, { posWeight: weight, gradient: each, reduction: "sum" });
    expect(gradient.data[i]).toBe(each.data[0]);
    target.dispose();
  }
});

test("bad weights are named", () => {
  const x = rt.tensor([2, 3]);
  expect(() => binaryCrossEntropyWithLogits(x, x, { posWeight: -1 })).toThrow("posWeight: got -1");
  expect(() => binaryCrossEntropyWithLogits(x, x, { posWeight: rt.tensor([2]) })).toThrow("posWeight: got [2]");
  expect(() => binaryCrossEntropyWithLogits(x, x, { weight: rt.tensor([3]) })).toThrow("weight: got [3]");
});
