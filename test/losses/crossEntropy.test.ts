import { describe, expect, test } from "vitest";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { normal } from "../../src/random.ts";
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
  expect(gradient.data.every((g) => g === 0)).toBe(true);
});
