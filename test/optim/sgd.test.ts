import { describe, expect, test } from "vitest";
import { SGD } from "../../src/optim/sgd.ts";
import { Random } from "../../src/tensor/random.ts";
import { goldenCases } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { followElements } from "../support/textbook.ts";
import { camelCase, followTrajectory, groupsOf, parametersOf } from "../support/trajectory.ts";

const runtimes = await loadAll();

/** A learning rate that changes, so that the conventions differ: at step t, counted from 0. */
const rate = (t: number) => 0.1 / (1 + t / 4);

describe.each(runtimes)("SGD on $backend", (runtime) => {
  test.each(goldenCases("optim/sgd"))("follows torch: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    followTrajectory(golden, params, new SGD(groupsOf(golden, params), camelCase(golden.config)));
  });

  test.each([false, true])("in Sutskever's convention has lr inside the buffer: nesterov %s", (nesterov) => {
    const options = { lr: rate, momentum: 0.8, weightDecay: 0.1, nesterov, convention: "sutskever", maximize: true };
    followElements(
      runtime,
      (params) => new SGD(params, options as ConstructorParameters<typeof SGD>[1]),
      () => {
        let velocity = 0;
        return (w, g, t) => {
          const move = -rate(t - 1) * (-g + 0.1 * w);
          velocity = 0.8 * velocity + move;
          return w + (nesterov ? 0.8 * velocity + move : velocity);
        };
      },
    );
  });

  test("with nesterov in Sutskever's convention holds the look-ahead points of Nesterov's method", () => {
    // A quadratic with curvatures from 1 to 10; momentum is constant, lr is not.
    const curvature = Array.from({ length: 10 }, (_, i) => i + 1);
    const params = runtime.parameters({ w: [10] });
    const { data, grad } = params.get("w");
    data.fill(1);
    const sgd = new SGD(params, { lr: rate, momentum: 0.9, nesterov: true, convention: "sutskever" });
    const point = curvature.map(() => 1);
    const velocity = curvature.map(() => 0);
    for (let t = 0; t < 30; t++) {
      curvature.forEach((c, i) => {
        grad[i] = c * data[i]!;
        velocity[i] = 0.9 * velocity[i]! - rate(t) * c * (point[i]! + 0.9 * velocity[i]!);
        point[i]! += velocity[i]!;
      });
      sgd.step();
      for (const [i, w] of point.entries()) expect(Math.abs(data[i]! - (w + 0.9 * velocity[i]!))).toBeLessThan(1e-6);
    }
  });

  test.each([
    ["sutskever", 0.1],
    ["torch", 0],
  ] as const)("withLookahead makes Nesterov's method of it: convention %s", (convention, slope) => {
    const size = 21;
    const random = new Random(4, "quadratic");
    const curvature = Array.from({ length: size }, () => 0.1 + 5 * random.uniform());
    const params = runtime.parameters({ w: [size] });
    const { data, grad } = params.get("w");
    for (let i = 0; i < size; i++) data[i] = random.uniform() - 0.5;
    // With a constant lr the conventions are one method.
    const lr = (t: number) => 0.1 / (1 + slope * t);
    const sgd = new SGD(params, { lr, momentum: 0.9, convention });
    const point = Array.from(data);
    const velocity = point.map(() => 0);
    for (let t = 0; t < 40; t++) {
      const before = data.slice();
      sgd.withLookahead(() => {
        for (let i = 0; i < size; i++) grad[i] = curvature[i]! * data[i]!;
        if (t > 0) expect(data).not.toEqual(before);
      });
      expect(data).toEqual(before);
      sgd.step();
      for (let i = 0; i < size; i++) {
        const ahead = point[i]! + 0.9 * velocity[i]!;
        velocity[i] = 0.9 * velocity[i]! - lr(t) * curvature[i]! * ahead;
        point[i]! += velocity[i]!;
        expect(Math.abs(data[i]! - point[i]!), `element ${i} after ${t + 1} steps`).toBeLessThan(1e-6);
      }
    }
  });

  test("looks ahead from nowhere but where it is without momentum, before the first step and with nesterov", () => {
    for (const options of [{}, { momentum: 0.9 }, { momentum: 0.9, nesterov: true }]) {
      const params = runtime.parameters({ w: [5] });
      const { data, grad } = params.get("w");
      data.fill(0.5);
      const sgd = new SGD(params, options);
      expect(sgd.withLookahead(() => [...data])).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
      grad.fill(1);
      sgd.step();
      const after = [...data];
      if (options.momentum && !options.nesterov) expect(sgd.withLookahead(() => [...data])).not.toEqual(after);
      else expect(sgd.withLookahead(() => [...data])).toEqual(after);
    }
  });
});

test("SGD refuses nesterov without momentum, or with dampening, and dampening in Sutskever's convention", () => {
  const params = runtimes[0]!.parameters({ w: [2] });
  expect(() => new SGD(params, { nesterov: true })).toThrow(/nesterov: got true, expected momentum above 0/);
  expect(() => new SGD(params, { nesterov: true, momentum: 0.9, dampening: 0.1 })).toThrow(/dampening 0/);
  expect(() => new SGD(params, { convention: "sutskever", momentum: 0.9, dampening: 0.1 })).toThrow(
    'convention: got "sutskever", expected dampening 0 with it',
  );
});
