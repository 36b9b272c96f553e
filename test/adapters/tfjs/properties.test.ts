/** What a user of tfjs sets on an optimizer, calls or passes either does what it does there or is refused by name. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers";
import { Adam, AdamW, AGD, load, RMSprop, ScheduleFreeAdamW, SGD, type SimdOptimError, schedules } from "simd-optim";
import { type TfjsOptimizerClass, tfjsOptimizer } from "simd-optim/tfjs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Options } from "../../../src/optim/define/option.ts";
import type { AnyOptimizer } from "../../support/specs.ts";
import { train } from "./counterparts.ts";

const rt = await load();
const classOf = (Optimizer: unknown) =>
  tfjsOptimizer(tf, rt, Optimizer as AnyOptimizer) as TfjsOptimizerClass<tf.Optimizer, Options>;
const make = (Optimizer: unknown, options?: unknown) => new (classOf(Optimizer))(options as never);
const floats = (tensor: tf.Tensor) => [...tensor.dataSync<"float32">()];

/** A variable, its optimizer, and how far each step at a gradient of 1 takes it. */
function walk(options: object, Optimizer: unknown = SGD) {
  const x = tf.variable(tf.tensor1d([0]));
  const optimizer = make(Optimizer, options);
  const step = () => {
    const [before] = floats(x);
    optimizer.applyGradients({ [x.name]: tf.tensor1d([1]) });
    return before! - floats(x)[0]!;
  };
  return { x, optimizer, step };
}

beforeAll(async () => void (await tf.setBackend("cpu")));
beforeEach(() => tf.disposeVariables());

describe("the learning rate", () => {
  // Without momentum in RMSProp: tfjs has the rates of the past in that buffer.
  test.each([
    ["sgd", []],
    ["momentum", [0.5]],
    ["adagrad", [0.5]],
    ["adam", [0.8, 0.9]],
    ["adamax", [0.8, 0.9]],
    ["rmsprop", [0.8]],
  ] as const)("of %s is set in mid-course as in tfjs", (name, rest) => {
    type Made = tf.Optimizer & { learningRate: number; setLearningRate?(rate: number): void };
    const [theirs, ours] = [tf.train, train].map((library) => {
      const x = tf.variable(tf.tensor1d([1, 2]));
      const optimizer = (library[name] as (...args: readonly number[]) => Made)(0.25, ...rest);
      return [0.25, 0.125, 0.5].flatMap((rate) => {
        optimizer.learningRate = rate;
        // tfjs' SGD and momentum take it from here alone.
        optimizer.setLearningRate?.(rate);
        expect(optimizer.learningRate).toBe(rate);
        optimizer.minimize(() => tf.sum(tf.square(x)) as tf.Scalar, false, [x]);
        return floats(x);
      });
    });
    for (const [i, value] of theirs!.entries()) expect(Math.abs(ours![i]! - value)).toBeLessThan(1e-6);
  });

  test("is that of the next step, set by either name or by setLearningRate", () => {
    const { optimizer, step } = walk({ lr: 0.5 });
    expect([optimizer.learningRate, step()]).toEqual([0.5, 0.5]);
    optimizer.learningRate = 0.25;
    expect([optimizer.learningRate, optimizer.lr, step()]).toEqual([0.25, 0.25, 0.25]);
    optimizer.setLearningRate(2);
    expect([optimizer.learningRate, step(), optimizer.report!.lr]).toEqual([2, 2, 2]);
    optimizer.lr = 4;
    expect([optimizer.learningRate, step()]).toEqual([4, 4]);
    expect(make(SGD).learningRate).toBe(0.001);
  });

  test("may be set before the first step and before new variables come up", () => {
    const { optimizer, step } = walk({ lr: 0.5 });
    optimizer.learningRate = 1;
    expect(step()).toBe(1);
    optimizer.learningRate = 2;
    const y = tf.variable(tf.tensor1d([0]));
    optimizer.applyGradients({ [y.name]: tf.tensor1d([1]) });
    expect(floats(y)).toEqual([-2]);
    expect(step()).toBe(2);
  });

  test("reads as a schedule has it, which is over when another is set", () => {
    const lr = schedules.stepDecay({ value: 1, gamma: 0.5, every: 1 });
    const { optimizer, step } = walk({ lr });
    expect([optimizer.learningRate, step(), optimizer.learningRate, step()]).toEqual([1, 1, 0.5, 0.5]);
    expect(optimizer.getConfig()).toMatchObject({ lr: String(lr) });
    optimizer.learningRate = 8;
    expect([step(), step()]).toEqual([8, 8]);
    expect(optimizer.getConfig()).toMatchObject({ lr: 8 });
    optimizer.setLearningRate(lr);
    expect([optimizer.learningRate, step()]).toEqual([1 / 16, 1 / 16]);
    expect(optimizer.getConfig()).toMatchObject({ lr: String(lr) });
  });

  test("reads as the next step has it after weights have been set", async () => {
    const lr = schedules.stepDecay({ value: 1, gamma: 0.5, every: 1 });
    const { optimizer, step } = walk({ lr });
    step();
    step();
    const next = make(SGD, { lr });
    await next.setWeights(await optimizer.getWeights());
    expect(next.learningRate).toBe(0.25);
  });

  test("does not touch groups that have one of their own", () => {
    const [kernel, bias] = [tf.variable(tf.zeros([1, 1]), true, "kernel"), tf.variable(tf.zeros([1]), true, "bias")];
    const optimizer = make(SGD, { lr: 1, groups: [{ role: "bias", lr: 0.5 }, { role: "hidden" }] });
    const gradients = { kernel: tf.ones([1, 1]), bias: tf.ones([1]) };
    optimizer.applyGradients(gradients);
    optimizer.learningRate = 4;
    optimizer.applyGradients(gradients);
    expect([...floats(kernel), ...floats(bias)]).toEqual([-5, -1]);
    expect(optimizer.learningRate).toBe(4);
  });

  test("is refused where it is none, and stays what it was", () => {
    const { optimizer, step } = walk({ lr: 0.5 });
    step();
    for (const bad of [-1, Number.NaN, "0.1", undefined, null, {}]) {
      expect(() => optimizer.setLearningRate(bad as never)).toThrow("SGD.learningRate: got");
      expect(() => Object.assign(optimizer, { learningRate: bad })).toThrow("SGD.learningRate: got");
      expect(() => Object.assign(optimizer, { lr: bad })).toThrow("SGD.learningRate: got");
    }
    expect([optimizer.learningRate, step(), optimizer.getConfig()]).toMatchObject([0.5, 0.5, { lr: 0.5 }]);
    optimizer.dispose();
    expect(() => optimizer.setLearningRate(1)).toThrow("this SGD has been disposed");
    const none = make(AGD);
    expect(() => none.learningRate).toThrow("AGD.learningRate");
    expect(() => none.setLearningRate(1)).toThrow("AGD.learningRate: got");
  });
});

describe("a configuration", () => {
  const lr = schedules.warmupCosine({ peak: 0.1, warmup: 3, total: 20 });

  test.each(["to fromConfig", "to the constructor"])("keeps a schedule, given back %s", (way) => {
    const Class = classOf(AdamW);
    const groups = [{ role: "bias", weightDecay: 0, lr }, { role: "hidden" }];
    const first = new Class({ lr, betas: [lr, 0.99], nonFinite: "skip", groups } as never);
    const config = JSON.parse(JSON.stringify(first.getConfig())) as object;
    const again = (
      way === "to fromConfig" ? Class.fromConfig(Class, config) : new Class(config as never)
    ) as typeof first;
    expect(again.getConfig()).toEqual(first.getConfig());
    const [x, y] = [tf.variable(tf.tensor1d([3])), tf.variable(tf.tensor1d([3]))];
    for (let t = 0; t < 5; t++) {
      first.minimize(() => tf.sum(tf.square(x)) as tf.Scalar, false, [x]);
      again.minimize(() => tf.sum(tf.square(y)) as tf.Scalar, false, [y]);
      expect(again.learningRate).toBe(first.learningRate);
    }
    expect(floats(y)).toEqual(floats(x));
  });

  test("is not kept by reference", () => {
    const options = { lr: 0.5, groups: [{ role: "hidden", lr: 0.25 }, { role: "bias" }] };
    const optimizer = make(SGD, options);
    const config = optimizer.getConfig();
    options.groups[0]!.lr = 7;
    options.lr = 7;
    expect(optimizer.getConfig()).toEqual(config);
    const kernel = tf.variable(tf.zeros([1, 1]), true, "kernel");
    optimizer.applyGradients({ kernel: tf.ones([1, 1]) });
    expect(floats(kernel)).toEqual([-0.25]);
  });

  test.each([undefined, null, 0.1, "adam"])("%s is refused", (config) => {
    const Class = classOf(AdamW);
    expect(() => Class.fromConfig(Class, config as never)).toThrow("AdamW: got");
  });
});

describe("options", () => {
  test("are refused as undefined, groups' too, for a key was misspelt", () => {
    const { optimizer } = walk({ lr: 0.5 });
    const { learningRate } = optimizer.getConfig() as { learningRate?: number };
    expect(() => make(SGD, { lr: learningRate })).toThrow("SGD.lr: got undefined, expected a value");
    expect(() => make(SGD, { nonFinite: undefined })).toThrow("SGD.nonFinite: got undefined");
    expect(() => make(SGD, { groups: undefined })).toThrow("SGD.groups: got undefined");
    expect(() => make(SGD, { groups: [{ role: "bias", lr: undefined }] })).toThrow("SGD.groups[0].lr: got undefined");
    expect(() => make(AdamW, { betas: [undefined, 0.9] })).toThrow("betas[0]: got undefined");
    const Class = classOf(SGD);
    expect(() => Class.fromConfig(Class, { lr: undefined })).toThrow("SGD.lr: got undefined");
  });

  test.each([0.1, null, "adam", [0.1], () => 0.1])(
    "are not %s, as the first argument of tf.train's functions is",
    (given) => {
      expect(() => make(Adam, given)).toThrow("Adam: got");
    },
  );

  test.each([
    [Adam, { learningRate: 0.1 }, "Adam.learningRate", "lr"],
    [Adam, { beta1: 0.9 }, "Adam.beta1", "betas"],
    [Adam, { beta2: 0.9 }, "Adam.beta2", "betas"],
    [Adam, { epsilon: 0.9 }, "Adam.epsilon", "eps"],
    [RMSprop, { decay: 0.9 }, "RMSprop.decay", "alpha"],
    [SGD, { momentum: 0.9, useNesterov: true }, "SGD.useNesterov", "nesterov"],
    [SGD, { groups: [{ role: "bias", learningRate: 1 }] }, "SGD.groups[0].learningRate", "lr"],
  ])("under tfjs' names are refused with those they have here: %#", (Optimizer, options, argument, here) => {
    expect(() => make(Optimizer, options)).toThrow(`${argument}: got`);
    expect(() => make(Optimizer, options)).toThrow(`expected ${here}`);
    try {
      make(Optimizer, options);
    } catch (error) {
      expect((error as SimdOptimError).code).toBe("UNKNOWN_OPTION");
    }
  });

  test.each([
    [Adam, "beta1"],
    [Adam, "epsilon"],
    [Adam, "betas"],
    [Adam, "weightDecay"],
    [Adam, "nonFinite"],
    [Adam, "groups"],
    [SGD, "momentum"],
    [SGD, "useNesterov"],
    [RMSprop, "decay"],
  ])("are not assigned later: %# %s", (Optimizer, key) => {
    const optimizer = make(Optimizer);
    expect(() => Object.assign(optimizer, { [key]: 0.5 })).toThrow(`${key}: got 0.5, expected`);
  });
});

describe("the count of iterations", () => {
  test("is saved as it is", async () => {
    const { optimizer, step } = walk({});
    step();
    step();
    const { name, tensor } = await optimizer.saveIterations();
    expect([name, tensor.dtype, tensor.shape, ...floats(tensor)]).toEqual(["iter", "int32", [], 2]);
  });

  test("is not moved but by steps and weights", async () => {
    const optimizer = make(Adam) as unknown as {
      incrementIterations(): void;
      extractIterations(weights: object[]): Promise<unknown>;
      iterations: number;
    };
    expect(() => optimizer.incrementIterations()).toThrow("incrementIterations: got");
    await expect(optimizer.extractIterations([])).rejects.toThrow("extractIterations: got");
    expect(() => {
      optimizer.iterations = 3;
    }).toThrow(TypeError);
  });
});

test("other members of tf.Optimizer do as there", () => {
  const { x, optimizer } = walk({ lr: 0.25 }, ScheduleFreeAdamW);
  const { value, grads } = optimizer.computeGradients(() => tf.sum(tf.add(x, 3)) as tf.Scalar);
  expect([...floats(value), ...floats(grads[x.name]!)]).toEqual([3, 1]);
  expect(optimizer.getClassName()).toBe("SimdScheduleFreeAdamW");
  const members = Object.getOwnPropertyNames(tf.Optimizer.prototype);
  const known = [
    "constructor",
    "minimize",
    "computeGradients",
    "iterations",
    "applyGradients",
    "dispose",
    "getWeights",
  ];
  const more = ["setWeights", "saveIterations", "incrementIterations", "extractIterations"];
  // A member that a later tfjs adds is one to look at.
  expect([...known, ...more]).toEqual(expect.arrayContaining(members));
});
