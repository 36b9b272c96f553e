import { describe, expect, test } from "vitest";
import { huber, l1, mse, smoothL1 } from "../../src/losses/regression.ts";
import { runtimes, type Trial, testGolden } from "../support/losses.ts";

const options = (trial: Trial) => ({ ...trial.options, gradient: trial.gradients["input"]! });

describe("golden", () => {
  testGolden("regression", {
    mse: (trial) => mse(trial.inputs["input"]!, trial.inputs["target"]!, options(trial)),
    l1: (trial) => l1(trial.inputs["input"]!, trial.inputs["target"]!, options(trial)),
    huber: (trial) =>
      huber(trial.inputs["input"]!, trial.inputs["target"]!, {
        ...options(trial),
        delta: trial.config["delta"] as number,
      }),
    smooth_l1: (trial) =>
      smoothL1(trial.inputs["input"]!, trial.inputs["target"]!, {
        ...options(trial),
        beta: trial.config["beta"] as number,
      }),
  });
});

describe.each(runtimes)("on $backend", (rt) => {
  const tensor = (...values: number[]) => rt.tensor([values.length], { values });

  test("smoothL1 with beta 0 is l1, ties included", () => {
    const [x, t, gradient] = [tensor(1, 2, -3), tensor(1, 0, 0), tensor(0, 0, 0)];
    expect(smoothL1(x, t, { beta: 0, gradient, reduction: "sum" })).toBe(5);
    expect([...gradient.data]).toEqual([0, 1, -1]);
  });

  test("NaN and infinity are handed on", () => {
    const [x, t] = [tensor(Number.NaN, Infinity), tensor(0, 0)];
    const [gradient, losses] = [tensor(0, 0), tensor(0, 0)];
    huber(x, t, { delta: 2, gradient, losses, reduction: "sum" });
    expect([...losses.data]).toEqual([Number.NaN, Infinity]);
    expect([...gradient.data]).toEqual([Number.NaN, 2]);
  });

  test("the sum runs in float64: losses near the largest float32 do not overflow it", () => {
    const x = tensor(1.5e19, 1.5e19, -1.5e19);
    expect(mse(x, tensor(0, 0, 0), { reduction: "sum" }) / (3 * 2.25e38)).toBeCloseTo(1, 6);
  });
});

test("smoothL1 is l1 for a beta that float32 has no reciprocal of, and 0 where there is no difference", () => {
  const [rt] = runtimes as [(typeof runtimes)[0]];
  const [x, t] = [rt.tensor([3], { values: [1, 2, -3] }), rt.tensor([3], { values: [1, 4, 1] })];
  const [losses, gradient] = [rt.tensor([3]), rt.tensor([3])];
  for (const beta of [1e-38, 1e-39, 1e-40, 1e-300, 0]) {
    expect(smoothL1(x, t, { beta, losses, gradient, reduction: "sum" })).toBe(6);
    expect([...losses.data, ...gradient.data]).toEqual([0, 2, 4, 0, -1, -1]);
  }
});

test("bad arguments are named", () => {
  const [rt] = runtimes as [(typeof runtimes)[0]];
  const x = rt.tensor([2, 3]);
  expect(() => mse([1, 2] as never, x)).toThrow("predictions: got [1, 2], expected a f32 tensor");
  expect(() => mse(rt.tensor([2], { type: "u32" }) as never, x)).toThrow('predictions: got "a u32 tensor"');
  expect(() => mse(x, rt.tensor([3, 2]))).toThrow("targets: got [3, 2], expected a f32 tensor of shape [2, 3]");
  expect(() => mse(x, runtimes[1]!.tensor([2, 3]))).toThrow('targets: got "a tensor of another runtime"');
  expect(() => huber(x, x, { delta: 0 })).toThrow("delta: got 0, expected a number in (0, inf)");
  expect(() => smoothL1(x, x, { beta: -1 })).toThrow("beta: got -1, expected a number in [0, inf)");
});
