import { describe, expect, test } from "vitest";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { normal } from "../../src/tensor/random.ts";
import { runtimes, testGolden } from "../support/losses.ts";

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

describe.each(runtimes)("on $backend", (rt) => {
  const labels = (...values: number[]) => rt.tensor([values.length], { type: "u32", values });

  test("a batch of which every row is ignored has a mean of NaN, a sum of 0, and a gradient of 0, as in torch", () => {
    const logits = rt.tensor([2, 3], { values: [1, 2, 3, Number.NaN, 5, Infinity] });
    const gradient = rt.tensor([2, 3], { values: [1, 1, 1, 1, 1, 1] });
    expect(crossEntropy(logits, labels(-100, -100), { gradient })).toBeNaN();
    expect([...gradient.data]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(crossEntropy(logits, labels(-100, -100), { reduction: "sum" })).toBe(0);
  });

  test("a class may be the one that is ignored", () => {
    const logits = rt.tensor([3, 2], { values: [0, 1, 2, 0, 0, 3] });
    const kept = rt.tensor([1, 2], { values: [0, 1] });
    expect(crossEntropy(logits, labels(1, 0, 0), { ignoreIndex: 0 })).toBe(crossEntropy(kept, labels(1)));
  });

  test("targets that are certain keep the digits of their gradient", () => {
    const logits = rt.tensor([1, 2], { values: [0, -15] });
    const gradient = rt.tensor([1, 2]);
    crossEntropy(logits, labels(0), { gradient });
    expect(-gradient.data[0]! * (1 + Math.exp(15))).toBeCloseTo(1, 6);
    expect(gradient.data[1]! * (1 + Math.exp(15))).toBeCloseTo(1, 6);
  });
});

describe.each(runtimes)("on $backend, a logit of -infinity", (rt) => {
  const logits = rt.tensor([2, 3], { values: [0, 2, -Infinity, 1, -Infinity, 3] });
  const labels = rt.tensor([2], { type: "u32", values: [0, 2] });
  const oneHot = rt.tensor([2, 3], { values: [1, 0, 0, 0, 0, 1] });
  /** log(1 + e^2) and log(1 + e^-2). */
  const truth = [2.1269280110429727, 0.12692801104297252];

  test.each([
    ["classes", labels, {}],
    ["one-hot rows", oneHot, {}],
    ["one-hot rows with weights", oneHot, { weight: rt.tensor([3], { values: [1, 0, 1] }) }],
  ] as const)("costs nothing where the target is 0: %s", (_, targets, options) => {
    const [losses, gradient] = [rt.tensor([2]), rt.tensor([2, 3])];
    const value = crossEntropy(logits, targets, { ...options, losses, gradient });
    losses.data.forEach((loss, i) => {
      // The sum of exponentials and the loss are rounded to float32.
      expect(Math.abs(loss - truth[i]!)).toBeLessThan(2 ** -22);
    });
    expect(value).toBeCloseTo((truth[0]! + truth[1]!) / 2, 6);
    expect([gradient.data[2], gradient.data[4]].map(Math.abs as (x?: number) => number)).toEqual([0, 0]);
    expect(gradient.data.every(Number.isFinite)).toBe(true);
  });

  test.each([
    ["classes", labels],
    ["one-hot rows", oneHot],
  ] as const)("costs nothing in a class of weight 0, smoothed or not: %s", (_, targets) => {
    const weight = rt.tensor([3], { values: [1, 0, 0] });
    for (const labelSmoothing of [0, 0.5]) {
      const losses = rt.tensor([2]);
      const options = { weight, labelSmoothing, losses, reduction: "sum" } as const;
      expect(crossEntropy(logits, targets, options)).toBeLessThan(4);
      // The weights leave the share of the first class: its target's and that of smoothing.
      const share = 1 - labelSmoothing + labelSmoothing / 3;
      expect(losses.data[0]! / (share * truth[0]!)).toBeCloseTo(1, 6);
    }
  });

  test("is infinitely wrong where it is the target, unless that has weight 0", () => {
    const wrong = rt.tensor([2], { type: "u32", values: [2, 1] });
    const gradient = rt.tensor([2, 3]);
    expect(crossEntropy(logits, wrong, { gradient })).toBe(Infinity);
    expect(gradient.data.every(Number.isFinite)).toBe(true);
    const dense = rt.tensor([2, 3], { values: [0, 0.5, 0.5, 0.25, 0.75, 0] });
    expect(crossEntropy(logits, dense)).toBe(Infinity);
    const weight = rt.tensor([3], { values: [1, 0, 0] });
    expect(crossEntropy(logits, wrong, { weight, reduction: "sum" })).toBe(0);
    expect(crossEntropy(logits, wrong, { weight, labelSmoothing: 0.5, reduction: "sum" })).toBeLessThan(1);
  });

  test("hides no NaN", () => {
    const bad = rt.tensor([2, 3], { values: [0, Number.NaN, 1, 1, 2, 3] });
    expect(crossEntropy(bad, oneHot)).toBeNaN();
    expect(crossEntropy(bad, labels)).toBeNaN();
  });
});

test("rows of 50 257 classes agree with float64", () => {
  const [rt] = runtimes as [(typeof runtimes)[0]];
  const [rows, classes] = [3, 50_257];
  const logits = rt.tensor([rows, classes]);
  normal(logits, { seed: 1, name: "wide", deviation: 3 });
  const targets = rt.tensor([rows], { type: "u32", values: [0, 50_256, 1234] });
  const [losses, gradient] = [rt.tensor([rows]), rt.tensor([rows, classes])];
  crossEntropy(logits, targets, { losses, gradient, reduction: "sum" });
  for (let i = 0; i < rows; i++) {
    const row = Array.from(logits.data.subarray(i * classes, (i + 1) * classes));
    const most = row.reduce((a, b) => Math.max(a, b));
    const total = row.reduce((sum, z) => sum + Math.exp(z - most), 0);
    const target = targets.data[i]!;
    expect(losses.data[i]! / (most + Math.log(total) - row[target]!)).toBeCloseTo(1, 6);
    // Each element is an exponential within 1 ulp, of a difference rounded once, times a quotient rounded twice.
    row.forEach((z, j) => {
      const share = Math.exp(z - most) / total;
      const truth = j === target ? share - 1 : share;
      const error = Math.abs(gradient.data[i * classes + j]! - truth) / Math.abs(truth);
      if (error > 4e-7 + 2 ** -24 * Math.abs(z - most)) expect(error, `row ${i}, class ${j}`).toBe(0);
    });
  }
});

test("bad arguments are named, and nothing is written", () => {
  const [rt] = runtimes as [(typeof runtimes)[0]];
  const logits = rt.tensor([2, 3]);
  const gradient = rt.tensor([2, 3]);
  const targets = rt.tensor([2], { type: "u32", values: [1, 3] });
  const refused = (options: object, message: string) =>
    expect(() => crossEntropy(logits, targets, { gradient, ...options })).toThrow(message);
  refused({}, "targets[1]: got 3, expected a number below 3");
  refused({ weight: rt.tensor([2]) }, "weight: got [2]");
  refused({ labelSmoothing: 1.5 }, "labelSmoothing: got 1.5, expected a number in [0, 1]");
  refused({ ignoreIndex: 0.5 }, "ignoreIndex: got 0.5, expected a whole number");
  expect(() => crossEntropy(logits, rt.tensor<"f32">([2]))).toThrow(
    "targets: got [2], expected a f32 tensor of shape [2, 3]",
  );
  expect(() => crossEntropy(logits, [0, 1] as never)).toThrow(
    "targets: got [0, 1], expected a u32 tensor of shape [2]",
  );
  const shares = (value: number) => rt.tensor([2, 3], { values: [0, 1, 0, 0.5, value, 2] });
  for (const value of [-1, Number.NaN, Infinity]) {
    expect(() => crossEntropy(logits, shares(value), { gradient })).toThrow(
      `targets[1, 1]: got ${value}, expected a number in [0, inf)`,
    );
  }
  expect(gradient.data.every((g) => g === 0)).toBe(true);
  expect(crossEntropy(logits, shares(1.5), { reduction: "sum" }) / Math.log(3)).toBeCloseTo(5, 6);
});
