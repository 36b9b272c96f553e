import { describe, expect, test } from "vitest";
import { sigmoidFocal, softmaxFocal } from "../../src/losses/focal.ts";
import { runtimes, testGolden } from "../support/losses.ts";

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

const [rt] = runtimes as [(typeof runtimes)[0]];

/** -(1 - p)^gamma log p and its derivative by s, p = logistic(s), in float64. */
function focal(s: number, gamma: number): [loss: number, slope: number] {
  const [p, q] = [1 / (1 + Math.exp(-s)), 1 / (1 + Math.exp(s))];
  const nll = Math.max(-s, 0) + Math.log1p(Math.exp(-Math.abs(s)));
  return [q ** gamma * nll, -(q ** gamma) * (gamma * p * nll + q)];
}

describe.each([0, 0.5, 1, 2, 5])("gamma %f", (gamma) => {
  const points = [-1e4, -60, -20, -3, -0.1, 0, 0.2, 4, 15, 30, 1e4];

  // e^(-gamma softplus(s)) multiplies the rounding of its exponent: 2^-24 gamma |s|.
  const tolerance = (s: number) => 1e-6 + 2 ** -23 * gamma * Math.min(Math.abs(s), 100);

  test("sigmoidFocal is a mixture of both sides, in relative terms", () => {
    const logits = rt.tensor([points.length], { values: points });
    const targets = rt.tensor([points.length]);
    targets.data.fill(0.25);
    const [losses, gradient] = [rt.tensor(logits.shape), rt.tensor(logits.shape)];
    sigmoidFocal(logits, targets, { gamma, alpha: 0.4, losses, gradient, reduction: "sum" });
    logits.data.forEach((s, i) => {
      const [loss, slope] = focal(s, gamma);
      const [lossOfNegative, slopeOfNegative] = focal(-s, gamma);
      const truth = 0.4 * 0.25 * loss + 0.6 * 0.75 * lossOfNegative;
      expect(Math.abs(losses.data[i]! / truth - 1), `loss at ${s}`).toBeLessThan(tolerance(s));
      const largest = Math.max(0.1 * Math.abs(slope), 0.45 * Math.abs(slopeOfNegative));
      const error = gradient.data[i]! - (0.4 * 0.25 * slope - 0.6 * 0.75 * slopeOfNegative);
      expect(Math.abs(error) / largest, `gradient at ${s}`).toBeLessThan(tolerance(s));
    });
  });

  test("softmaxFocal over two classes is that of their difference, in relative terms", () => {
    const logits = rt.tensor([points.length, 2], { values: points.flatMap((s) => [s, 0]) });
    const targets = rt.tensor([points.length], { type: "u32" });
    const [losses, gradient] = [rt.tensor([points.length]), rt.tensor(logits.shape)];
    softmaxFocal(logits, targets, { gamma, losses, gradient, reduction: "sum" });
    points.forEach((point, i) => {
      const [loss, slope] = focal(Math.fround(point), gamma);
      // 1 - p is a difference of float64 numbers near 1.
      const lost = Math.min(1, 2 ** -52 * (1 + gamma) * Math.exp(point));
      const near = (ours: number, truth: number, what: string) =>
        expect(Math.abs(ours - truth), `${what} at ${point}`).toBeLessThanOrEqual(
          (tolerance(point) + lost) * Math.abs(truth) + 1e-44,
        );
      near(losses.data[i]!, loss, "loss");
      near(gradient.data[2 * i]!, slope, "gradient");
      near(gradient.data[2 * i + 1]!, -slope, "gradient of the other");
    });
  });
});

describe.each(runtimes)("on $backend, infinite logits", (runtime) => {
  test.each([0, 0.5, 2])("are right for nothing or infinitely wrong, with finite gradients, for gamma %f", (gamma) => {
    const values = [Infinity, -Infinity, Infinity, -Infinity];
    const logits = runtime.tensor([4], { values });
    const targets = runtime.tensor([4], { values: [1, 0, 0, 1] });
    const [losses, gradient] = [runtime.tensor([4]), runtime.tensor([4])];
    sigmoidFocal(logits, targets, { gamma, alpha: -1, losses, gradient, reduction: "sum" });
    expect([...losses.data]).toEqual([0, 0, Infinity, Infinity]);
    expect([...gradient.data].map((g) => g + 0)).toEqual([0, 0, 1, -1]);
  });

  test.each([0, 0.5, 2])(
    "of softmaxFocal: the gradient of cross-entropy, and nothing for weight 0, gamma %f",
    (gamma) => {
      const logits = runtime.tensor([2, 2], { values: [-Infinity, 1, -Infinity, 1] });
      const targets = runtime.tensor([2], { type: "u32", values: [0, 1] });
      const [losses, gradient] = [runtime.tensor([2]), runtime.tensor([2, 2])];
      softmaxFocal(logits, targets, { gamma, losses, gradient, reduction: "sum" });
      expect([...losses.data]).toEqual([Infinity, 0]);
      expect([...gradient.data].map((g) => g + 0)).toEqual([-1, 1, 0, 0]);
      const alpha = runtime.tensor([2], { values: [0, 1] });
      expect(softmaxFocal(logits, targets, { gamma, alpha, gradient, reduction: "sum" })).toBe(0);
      expect([...gradient.data].map((g) => g + 0)).toEqual([0, 0, 0, 0]);
    },
  );
});

test("bad arguments are named", () => {
  const x = rt.tensor([2, 3]);
  const targets = rt.tensor([2], { type: "u32", values: [0, 3] });
  expect(() => sigmoidFocal(x, x, { gamma: -1 })).toThrow("gamma: got -1");
  expect(() => sigmoidFocal(x, x, { alpha: 2 })).toThrow("alpha: got 2, expected a number in [0, 1]");
  const signs = rt.tensor([2, 3], { values: [1, 1, -1, 1, 1, 1] });
  expect(() => sigmoidFocal(x, signs)).toThrow("targets[0, 2]: got -1, expected a number in [0, 1]");
  expect(() => softmaxFocal(x, targets)).toThrow("targets[1]: got 3, expected a number below 3");
  expect(() => softmaxFocal(x, targets, { alpha: rt.tensor([2]) })).toThrow("alpha: got [2]");
});
