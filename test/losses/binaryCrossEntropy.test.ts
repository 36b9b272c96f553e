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

describe.each(runtimes)("on $backend", (runtime) => {
  const tensor = (...values: number[]) => runtime.tensor([values.length], { values });

  test("infinite logits that are right cost nothing, those that are wrong everything, and NaN is handed on", () => {
    const logits = tensor(Number.NaN, 1e4, Infinity, -Infinity, Infinity, -Infinity, Infinity);
    const [losses, gradient] = [tensor(9, 9, 9, 9, 9, 9, 9), tensor(9, 9, 9, 9, 9, 9, 9)];
    const targets = tensor(1, 1, 1, 0, 0, 1, 0.75);
    binaryCrossEntropyWithLogits(logits, targets, { reduction: "none", losses, gradient });
    expect([...losses.data]).toEqual([Number.NaN, 0, 0, 0, Infinity, Infinity, Infinity]);
    expect([...gradient.data]).toEqual([Number.NaN, 0, 0, 0, 1, -1, 0.25]);
  });

  test("a weight of 0 leaves out all there is", () => {
    const logits = tensor(Number.NaN, Infinity, -Infinity, 2);
    const [targets, weight, gradient] = [tensor(1, 0, 1, 0), tensor(0, 0, 0, 3), tensor(9, 9, 9, 9)];
    const value = binaryCrossEntropyWithLogits(logits, targets, { weight, gradient, reduction: "sum" });
    expect(value / (3 * Math.log1p(Math.exp(2)))).toBeCloseTo(1, 6);
    expect([...gradient.data.subarray(0, 3)]).toEqual([0, 0, 0]);
    const posWeight = tensor(1, 1, 0, 0);
    const sum = binaryCrossEntropyWithLogits(tensor(0, 0, -Infinity, -Infinity), tensor(0, 0, 1, 1), {
      posWeight,
      reduction: "sum",
    });
    expect(sum).toBeCloseTo(2 * Math.LN2, 6);
  });
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
  const negative = rt.tensor([3], { values: [1, -2, 1] });
  expect(() => binaryCrossEntropyWithLogits(x, x, { posWeight: negative })).toThrow(
    "posWeight[1]: got -2, expected a number in [0, inf)",
  );
  expect(() => binaryCrossEntropyWithLogits(x, x, { weight: rt.tensor([3]) })).toThrow("weight: got [3]");
});

test.each([-1, 2, 1.0000001, Number.NaN, Infinity])("a target of %s is named, and nothing is written", (target) => {
  const [logits, gradient] = [rt.tensor([2, 3]), rt.tensor([2, 3])];
  const targets = rt.tensor([2, 3], { values: [0, 1, 0.5, 0, target, 1] });
  expect(() => binaryCrossEntropyWithLogits(logits, targets, { gradient })).toThrow(
    `targets[1, 1]: got ${Math.fround(target)}, expected a number in [0, 1]`,
  );
  expect([...gradient.data]).toEqual([0, 0, 0, 0, 0, 0]);
});
