import { describe, expect, test } from "vitest";
import { contrastive, tripletMargin, tripletSquared } from "../../src/losses/metric.ts";
import { runtimes, type Trial, testGolden } from "../support/losses.ts";

function ofPair({ inputs, gradients, options, config }: Trial, form: "half" | "hadsell"): number {
  const [x1, x2] = ["x1", "x2"] as const;
  return contrastive(inputs[x1]!, inputs[x2]!, inputs["y"]!, {
    ...options,
    margin: config["margin"] as number,
    form,
    gradient1: gradients[x1]!,
    gradient2: gradients[x2]!,
  });
}

function tripletOptions({ gradients, options, config }: Trial) {
  return {
    ...options,
    margin: config["margin"] as number,
    swap: (config["swap"] as boolean | undefined) ?? false,
    gradientAnchor: gradients["anchor"]!,
    gradientPositive: gradients["positive"]!,
    gradientNegative: gradients["negative"]!,
  };
}

describe("golden", () => {
  testGolden("metric", {
    contrastive: (trial) => ofPair(trial, "half"),
    contrastive_hadsell: (trial) => ofPair(trial, "hadsell"),
    triplet_squared: (trial) => {
      const { anchor, positive, negative } = trial.inputs;
      return tripletSquared(anchor!, positive!, negative!, tripletOptions(trial));
    },
    triplet_margin: (trial) => {
      const { anchor, positive, negative } = trial.inputs;
      const p = (trial.config["p"] as 1 | 2 | undefined) ?? 2;
      return tripletMargin(anchor!, positive!, negative!, { ...tripletOptions(trial), p });
    },
  });
});

describe.each(runtimes)("on $backend", (rt) => {
  const rows = (...values: number[]) => rt.tensor([values.length / 2, 2], { values });

  test("where rows coincide a distance has no slope, and there is no NaN", () => {
    const [x, gradient1, gradient2] = [rows(1, 2, 3, 4), rows(9, 9, 9, 9), rows(9, 9, 9, 9)];
    const labels = rt.tensor([2], { values: [1, 0] });
    expect(contrastive(x, x, labels, { margin: 2, gradient1, gradient2, reduction: "sum" })).toBe(4);
    expect([...gradient1.data, ...gradient2.data].every((g) => g === 0)).toBe(true);
    const gradients = { gradientAnchor: rows(9, 9), gradientPositive: rows(9, 9), gradientNegative: rows(9, 9) };
    const one = rows(1, 2);
    expect(tripletMargin(one, one, one, { eps: 0, margin: 3, ...gradients })).toBe(3);
    for (const { data } of Object.values(gradients)) expect([...data].map(Math.abs)).toEqual([0, 0]);
  });

  test("a dissimilar pair too far apart for float32 costs nothing", () => {
    const [far, near] = [rows(3e19, 0, 1, 2), rows(-3e19, 0, 1, 3)];
    const [gradient1, losses] = [rows(9, 9, 9, 9), rt.tensor([2])];
    const labels = rt.tensor([2], { values: [1, 0] });
    expect(contrastive(far, near, labels, { gradient1, losses, reduction: "sum" })).toBe(0.5);
    expect([...gradient1.data].map((g) => g + 0)).toEqual([0, 0, 0, -1]);
  });

  test("a triplet at the margin costs nothing, and one beyond it has no gradient", () => {
    const [anchor, positive, negative] = [rows(0, 0, 0, 0), rows(1, 0, 1, 0), rows(2, 0, 9, 9)];
    const gradientNegative = rows(5, 5, 5, 5);
    expect(tripletSquared(anchor, positive, negative, { margin: 3, gradientNegative })).toBe(0);
    expect([...gradientNegative.data]).toEqual([0, 0, 0, 0]);
  });

  test("swap takes the nearer of anchor and positive", () => {
    const [anchor, positive, negative] = [rows(0, 0), rows(2, 0), rows(3, 0)];
    const gradients = { gradientAnchor: rows(9, 9), gradientPositive: rows(9, 9), gradientNegative: rows(9, 9) };
    expect(tripletSquared(anchor, positive, negative, { margin: 1, swap: true, ...gradients })).toBe(4 - 1 + 1);
    // d(a, p) = |a - p|^2 pulls a and p together, -d(p, n) pushes p and n apart.
    expect(gradients.gradientAnchor.data[0]).toBe(-4);
    expect(gradients.gradientPositive.data[0]).toBe(4 + 2);
    expect(gradients.gradientNegative.data[0]).toBe(-2);
  });
});

test("bad arguments are named", () => {
  const [rt] = runtimes as [(typeof runtimes)[0]];
  const x = rt.tensor([2, 3]);
  expect(() => contrastive(x, x, rt.tensor([3]))).toThrow("labels: got [3]");
  const signs = rt.tensor([2], { values: [1, -1] });
  expect(() => contrastive(x, x, signs)).toThrow("labels[1]: got -1, expected a number in [0, 1]");
  expect(() => contrastive(x, rt.tensor([2, 2]), rt.tensor([2]))).toThrow("x2: got [2, 2]");
  expect(() => contrastive(x, x, rt.tensor([2]), { form: "other" as "half" })).toThrow('form: got "other"');
  expect(() => tripletMargin(x, x, x, { p: 3 as 2 })).toThrow("p: got 3, expected 1 or 2");
  expect(() => tripletMargin(x, x, x, { eps: -1 })).toThrow("eps: got -1");
  expect(() => tripletSquared(x, x, rt.tensor([3, 2]))).toThrow("negative: got [3, 2]");
  expect(() => tripletSquared(x, x, x, { margin: Number.NaN })).toThrow("margin: got NaN");
  expect(() => tripletSquared(x, x, x, { swap: 1 as unknown as boolean })).toThrow("swap: got 1");
});
