/** The adapter for tfjs on its cpu and wasm backends: the bits of the package, and the manners of a tf.Optimizer. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as layers from "@tensorflow/tfjs-layers";
import { Adagrad, Adam, Adamax, AdamW, load, Prodigy, RMSprop, ScheduleFreeAdamW, SGD, schedules } from "simd-optim";
import { type TfjsOptimizerClass, tfjsOptimizer } from "simd-optim/tfjs";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Options } from "../../../src/optim/define/option.ts";
import { Random } from "../../../src/tensor/random.ts";
import { expectSame } from "../../support/differences.ts";
import { type AnyOptimizer, optimizers } from "../../support/specs.ts";

type AnyClass = TfjsOptimizerClass<tf.Optimizer, Options>;

const rt = await load();
const make = (Optimizer: unknown, options?: object) =>
  new (tfjsOptimizer(tf, rt, Optimizer as AnyOptimizer) as AnyClass)(options as never);
const floats = (tensor: tf.Tensor) => tensor.dataSync<"float32">();
const squares = (x: tf.Tensor) => () => tf.sum(tf.square(x)) as tf.Scalar;

function drawn(name: string, size: number): Float32Array {
  const random = new Random(1, name);
  return Float32Array.from({ length: size }, () => random.uniform() - 0.5);
}

/**
 * Cases of tfjs' own tests, minimising |x|^2: options of both sides, and the values that its tests expect. Adadelta is
 * not among them: tfjs divides by the average of the gradients before this one, where Zeiler's Algorithm 1 includes it.
 */
const cases = [
  {
    name: "SGD",
    theirs: () => tf.train.sgd(0.1),
    ours: () => make(SGD, { lr: 0.1 }),
    start: [4],
    values: [[3.2], [2.56], [2.048]],
  },
  {
    name: "momentum",
    theirs: () => tf.train.momentum(0.1, 0.5),
    ours: () => make(SGD, { lr: 0.1, momentum: 0.5 }),
    start: [1, 2],
    values: [
      [0.8, 1.6],
      [0.54, 1.08],
    ],
  },
  {
    name: "Nesterov's momentum",
    theirs: () => tf.train.momentum(0.1, 0.5, true),
    ours: () => make(SGD, { lr: 0.1, momentum: 0.5, nesterov: true }),
    start: [1, 2],
    values: [
      [0.7, 1.4],
      [0.44, 0.88],
    ],
  },
  {
    name: "Adam",
    theirs: () => tf.train.adam(0.1, 0.8, 0.9),
    ours: () => make(Adam, { lr: 0.1, betas: [0.8, 0.9], eps: 1e-7 }),
    start: [2, 4],
    values: [
      [1.9, 3.9],
      [1.8000001, 3.8002],
    ],
  },
  {
    name: "Adamax with decay",
    theirs: () => tf.train.adamax(0.1, 0.8, 0.9, undefined, 0.1),
    ours: () => make(Adamax, { lr: (step: number) => 0.1 / (1 + 0.1 * step), betas: [0.8, 0.9], eps: 1e-7 }),
    start: [2, 4],
    values: [
      [1.9, 3.9],
      [1.80697, 3.8086],
    ],
  },
  {
    name: "Adagrad",
    theirs: () => tf.train.adagrad(0.1, 0.1),
    ours: () => make(Adagrad, { lr: 0.1, initialAccumulatorValue: 0.1, eps: 1e-7, epsPlace: "inside" }),
    start: [1, 2],
    values: [[0.9012270405, 1.9003110428]],
  },
  {
    name: "RMSprop",
    theirs: () => tf.train.rmsprop(0.1, 0.95, 0.1),
    ours: () => make(RMSprop, { lr: 0.1, alpha: 0.95, momentum: 0.1, eps: 1e-7, epsPlace: "inside" }),
    start: [1, 2],
    values: [
      [0.5527865, 1.5527864],
      [0.2874418, 1.2294267],
    ],
  },
  {
    name: "centred RMSprop",
    theirs: () => tf.train.rmsprop(0.1, 0.95, 0.1, 1e-8, true),
    ours: () => make(RMSprop, { lr: 0.1, alpha: 0.95, momentum: 0.1, centered: true, epsPlace: "inside" }),
    start: [1, 2],
    values: [
      [0.5411684, 1.5411685],
      [0.2677834, 1.2035918],
    ],
  },
];

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeAll(async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    await tf.setBackend(backend);
  });
  // tfjs numbers variables without a name, and minimize() takes all there are.
  beforeEach(() => tf.disposeVariables());

  describe.each(cases)("$name, as in tfjs' tests", ({ theirs, ours, start, values }) => {
    test("steps as tfjs does, with no tensor more than the cost", () => {
      const before = tf.memory().numTensors;
      const x = tf.variable(tf.tensor1d(start));
      const optimizer = ours();
      const numTensors = tf.memory().numTensors;
      const cost = optimizer.minimize(squares(x), true)!;
      expect(tf.memory().numTensors).toBe(numTensors + 1);
      expect(floats(cost)[0]).toBe(start.reduce((sum, value) => sum + value * value, 0));
      cost.dispose();
      const path = [floats(x).slice()];
      for (let t = 1; t < 10; t++) {
        expect(optimizer.minimize(squares(x))).toBe(null);
        path.push(floats(x).slice());
      }
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(optimizer.iterations).toBe(10);
      optimizer.dispose();
      x.dispose();
      // What is left is the argument of variable().
      expect(tf.memory().numTensors).toBe(before + 1);

      for (const [t, expected] of values.entries()) {
        // The tolerance of tfjs' tests, whose values are of hand calculations.
        for (const [i, value] of expected.entries()) expect(Math.abs(path[t]![i]! - value)).toBeLessThan(1e-3);
      }
      const y = tf.variable(tf.tensor1d(start));
      const other = theirs();
      for (const ourValues of path) {
        other.minimize(squares(y));
        for (const [i, value] of floats(y).entries()) {
          // Some dozen roundings of float32, each at most of a value that was there at the start.
          expect(Math.abs(ourValues[i]! - value)).toBeLessThan(5e-6 * start[i]!);
        }
      }
    });

    test("continues from saved weights to the same bits", async () => {
      const [x, y] = [tf.variable(tf.tensor1d(start)), tf.variable(tf.tensor1d(start))];
      const whole = ours();
      for (let t = 0; t < 6; t++) whole.minimize(squares(x), false, [x]);
      let part = ours();
      expect(part.iterations).toBe(0);
      expect((await part.getWeights()).map(({ name }) => name)).toEqual(["iter"]);
      for (let t = 0; t < 6; t++) {
        const next = ours();
        const weights = await part.getWeights();
        expect(weights[0]!.name).toBe("iter");
        expect(floats(weights[0]!.tensor)[0]).toBe(t);
        await next.setWeights(weights);
        tf.dispose(weights.map(({ tensor }) => tensor));
        // As they were set, before anything is stepped.
        expect((await next.getWeights()).map(({ name }) => name)).toEqual(weights.map(({ name }) => name));
        expect(next.iterations).toBe(t);
        part.dispose();
        part = next;
        part.minimize(squares(y), false, [y]);
      }
      expectSame(floats(y), floats(x));
      expect(part.iterations).toBe(6);
    });
  });

  describe("variables, as in tfjs' tests", () => {
    const scene = (trainable = true) => {
      const x = tf.variable(tf.scalar(4), trainable);
      const [bias, stray] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(-1))];
      const optimizer = make(SGD, { lr: 0.125 });
      const cost = () => tf.add(tf.square(x), bias) as tf.Scalar;
      return { x, bias, stray, optimizer, cost, values: () => [x, bias, stray].map((variable) => floats(variable)[0]) };
    };

    test("a variable that the cost does not depend on stays as it is", () => {
      const { optimizer, cost, values } = scene();
      expect(floats(optimizer.minimize(cost, true)!)[0]).toBe(17);
      expect(values()).toEqual([3, 0.875, -1]);
      optimizer.minimize(cost);
      expect(values()).toEqual([2.25, 0.75, -1]);
    });

    test("a list of variables limits what is updated", () => {
      const { x, bias, optimizer, cost, values } = scene();
      optimizer.minimize(cost, false, [x]);
      expect(values()).toEqual([3, 1, -1]);
      optimizer.minimize(cost, false, [bias, x]);
      expect(values()).toEqual([2.25, 0.875, -1]);
      expect(() => optimizer.minimize(cost, true, [])).toThrow();
    });

    test("a variable that is not trainable is not updated", () => {
      const { x, bias, optimizer, cost, values } = scene(false);
      optimizer.minimize(cost);
      expect(values()).toEqual([4, 0.875, -1]);
      optimizer.minimize(cost, false, [x, bias]);
      expect(values()).toEqual([4, 0.75, -1]);
      expect(() => optimizer.minimize(cost, true, [x])).toThrow();
    });

    test("it is a tf.Optimizer, and refuses a cost that is no scalar as that does", () => {
      const { optimizer } = scene();
      expect(optimizer).toBeInstanceOf(tf.Optimizer);
      expect(Object.getPrototypeOf(Object.getPrototypeOf(optimizer))).toBe(tf.Optimizer.prototype);
      expect(optimizer.getClassName()).toBe("SimdSGD");
      const x = tf.variable(tf.tensor1d([1, 2]));
      expect(() => optimizer.minimize(() => tf.square(x) as tf.Tensor as tf.Scalar)).toThrow();
    });
  });

  test.each(optimizers.map((Optimizer) => ({ name: Optimizer.spec.name, Optimizer })))(
    "$name gives the bits that it gives without tfjs",
    ({ name, Optimizer }) => {
      const vector = Optimizer.spec.shapes?.takes([13]) === false ? [13, 1] : [13];
      const shapes: Record<string, number[]> = { kernel: [7, 5], bias: vector, late: [3, 17] };
      const params = rt.parameters(shapes);
      const optimizer = new Optimizer(params);
      const adapter = make(Optimizer);
      const variables = [...params].map(({ name: key, data, shape }) => {
        data.set(drawn(key, data.length));
        return tf.variable(tf.tensor(data.slice(), [...shape]), true, key);
      });
      for (let t = 0; t < 6; t++) {
        // One comes later, one is left out for a while, and the order changes.
        const present = [...params].filter((_, i) => !(i === 2 && t < 2) && !(i === 1 && t === 3));
        for (const parameter of params) {
          parameter.frozen = !present.includes(parameter);
          parameter.grad.set(drawn(`${parameter.name} ${t}`, parameter.size));
        }
        optimizer.step();
        const list = present.map(({ name: key, grad, shape }) => ({
          name: key,
          tensor: tf.tensor(grad.slice(), [...shape]),
        }));
        if (t % 2) list.reverse();
        adapter.applyGradients(t < 3 ? list : Object.fromEntries(list.map((item) => [item.name, item.tensor])));
        for (const [i, variable] of variables.entries()) {
          expectSame(floats(variable), [...params][i]!.data, `${name}, step ${t}, ${variable.name}`);
        }
      }
      expect(adapter.iterations).toBe(optimizer.steps);
      adapter.dispose();
      optimizer.dispose();
      params.dispose();
    },
  );

  test("gradients may be computed apart and need not be there for all", () => {
    const [x, y] = [tf.variable(tf.tensor1d([1, 2]), true, "x"), tf.variable(tf.scalar(3), true, "y")];
    const optimizer = make(SGD, { lr: 0.25 });
    const { grads, value } = optimizer.computeGradients(() => tf.add(tf.sum(tf.square(x)), y) as tf.Scalar);
    expect(floats(value)[0]).toBe(8);
    optimizer.applyGradients(grads);
    expect([...floats(x), ...floats(y)]).toEqual([0.5, 1, 2.75]);
    optimizer.applyGradients([
      { name: "y", tensor: null as unknown as tf.Tensor },
      { name: "x", tensor: grads["x"]! },
    ]);
    expect([...floats(x), ...floats(y)]).toEqual([0, 0, 2.75]);
  });

  test("what others assign is taken up, and copies of a variable stay as they were", () => {
    const x = tf.variable(tf.tensor1d([1, 2]));
    const optimizer = make(SGD, { lr: 0.25 });
    optimizer.minimize(squares(x));
    const copy = x.clone();
    const values = floats(x);
    optimizer.minimize(squares(x));
    expect([...floats(copy), ...values]).toEqual([0.5, 1, 0.5, 1]);
    x.assign(tf.tensor1d([8, 16]));
    optimizer.minimize(squares(x));
    expect([...floats(x)]).toEqual([4, 8]);
    // Memory that grows moves everything.
    rt.tensor([1 << 20]).dispose();
    optimizer.minimize(squares(x));
    expect([...floats(x)]).toEqual([2, 4]);
  });

  test("groups give some variables options of their own", () => {
    const [kernel, bias] = [tf.variable(tf.ones([2, 2]), true, "kernel"), tf.variable(tf.ones([2]), true, "bias")];
    const groups = [{ where: ({ name }: { name: string }) => name === "bias", weightDecay: 0 }, { role: "hidden" }];
    const optimizer = make(AdamW, { lr: 0.5, weightDecay: 0.5, groups });
    optimizer.applyGradients({ kernel: tf.zeros([2, 2]), bias: tf.zeros([2]) });
    expect([...floats(kernel), ...floats(bias)]).toEqual([0.75, 0.75, 0.75, 0.75, 1, 1]);
  });

  test("variables are at the point to evaluate at for a while", async () => {
    const x = tf.variable(tf.tensor1d([1, 2]));
    const optimizer = make(ScheduleFreeAdamW, { lr: 0.1 });
    for (let t = 0; t < 3; t++) optimizer.minimize(squares(x));
    const training = [...floats(x)];
    const before = tf.memory().numTensors;
    const evaluation = optimizer.withEvalParams(() => [...floats(x)]);
    expect(evaluation).not.toEqual(training);
    expect([...floats(x)]).toEqual(training);
    const later = optimizer.withEvalParams(async () => {
      await expect(optimizer.getWeights()).rejects.toThrow("weights: got");
      return [...floats(x)];
    });
    expect([...floats(x)]).toEqual(evaluation);
    expect(await later).toEqual(evaluation);
    expect([...floats(x)]).toEqual(training);
    const failing = () =>
      optimizer.withEvalParams(() => {
        throw new Error("mine");
      });
    expect(failing).toThrow("mine");
    const gone = tf.variable(tf.ones([1]));
    optimizer.minimize(squares(gone), false, [gone]);
    gone.dispose();
    expect(optimizer.withEvalParams(() => [...floats(x)])).toEqual(evaluation);
    expect([...floats(x)]).toEqual(training);
    // The argument of variable() is left.
    expect(tf.memory().numTensors).toBe(before + 1);
    await optimizer.setWeights(await optimizer.getWeights());
    expect(() => optimizer.withEvalParams(() => 1)).toThrow("a step first");
  });

  test("no tensor is left behind in 1000 steps", () => {
    const [x, y] = [tf.variable(tf.ones([4, 3])), tf.variable(tf.ones([3]))];
    const optimizer = make(AdamW);
    const cost = () => tf.sum(tf.square(tf.add(x, y))) as tf.Scalar;
    optimizer.minimize(cost);
    const [{ numTensors, numBytes, numDataBuffers }, used] = [tf.memory(), rt.heap.used];
    for (let t = 0; t < 1000; t++) optimizer.minimize(cost);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
    expect(rt.heap.used).toBe(used);
  });

  test("what does not fit is refused by name, before anything has changed", () => {
    const x = tf.variable(tf.tensor1d([1, 2]), true, "x");
    const optimizer = make(SGD, { lr: 1 });
    optimizer.applyGradients({ x: tf.tensor1d([0, 0]) });
    const refused = (gradients: tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[], message: string) =>
      expect(() => optimizer.applyGradients(gradients)).toThrow(message);
    const one = tf.ones([2]);
    refused({ x: one, z: one }, 'gradients: got "z", expected names of variables that tfjs has');
    refused({ toString: one } as never, 'gradients: got "toString"');
    refused({ x: tf.ones([2, 1]) }, "gradient of x: got [2, 1]");
    refused({ x: tf.ones([2], "int32") }, "gradient of x: got");
    refused({}, "gradients: got");
    const twice = { name: "x", tensor: one };
    refused([twice, twice], "each variable once");
    tf.variable(tf.ones([2], "int32"), true, "whole");
    refused({ whole: one }, 'whole: got "a variable of int32"');
    expect([...floats(x), optimizer.iterations]).toEqual([1, 2, 1]);
    x.dispose();
    refused({ x: one }, 'gradients: got "x"');
    const again = tf.variable(tf.ones([3]), true, "x");
    refused({ x: tf.ones([3]) }, "x: got [3], expected [2], as before");
    again.dispose();
    optimizer.dispose();
    optimizer.dispose();
    tf.variable(tf.ones([2]), true, "x");
    refused({ x: one }, "this SGD has been disposed");
  });

  test("bad arguments are refused when an optimizer is made", () => {
    expect(() => make(Adam, { lr: -1 })).toThrow("lr: got -1");
    expect(() => make(Adam, { learningRate: 1 })).toThrow("Adam.learningRate");
    expect(() => tfjsOptimizer({} as never, rt, Adam)).toThrow("tf: got");
    expect(() => tfjsOptimizer(tf, rt, {} as never)).toThrow("Optimizer: got");
    expect(() => make(Adam, { groups: 3 })).toThrow("groups: got 3");
  });

  test("weights that fit no variable are refused, and the optimizer stays usable", async () => {
    const x = tf.variable(tf.tensor1d([1, 2]), true, "x");
    const y = tf.variable(tf.ones([2, 2]), true, "y");
    const saved = make(Adam);
    saved.minimize(squares(x), false, [x]);
    const weights = await saved.getWeights();
    const optimizer = make(Adam);
    await optimizer.setWeights(weights);
    expect(() => optimizer.applyGradients({ y: tf.ones([2, 2]) })).toThrow("misshapen y/exp_avg");
    const both = () => tf.add(squares(x)(), squares(y)()) as tf.Scalar;
    x.dispose();
    const z = tf.variable(tf.tensor1d([1, 2]), true, "z");
    expect(() => optimizer.minimize(() => tf.add(both(), squares(z)()) as tf.Scalar)).toThrow();
    expect(() => optimizer.applyGradients({ y: tf.ones([2, 2]), z: tf.ones([2]) })).toThrow("state of 1 variables");
    optimizer.minimize(squares(z), false, [z]);
    expect(optimizer.iterations).toBe(2);
    await expect(optimizer.setWeights(weights.slice(1))).rejects.toThrow("weights: got");
    optimizer.minimize(squares(z), false, [z]);
    expect(optimizer.iterations).toBe(3);
  });

  describe("models", () => {
    const shape = { inputs: 6, hidden: 5, classes: 3, batch: 8 };
    const images = () => tf.tensor(drawn("images", shape.batch * shape.inputs), [shape.batch, shape.inputs]);
    const labels = () => tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], "int32"), shape.classes);

    function model(optimizer: tf.Optimizer): layers.LayersModel {
      const made = layers.sequential({
        layers: [
          layers.layers.dense({ units: shape.hidden, inputShape: [shape.inputs], activation: "relu", name: "hidden" }),
          layers.layers.dense({ units: shape.classes, activation: "softmax", name: "head" }),
        ],
      });
      made.setWeights(made.getWeights().map((weight, i) => tf.tensor(drawn(`weight ${i}`, weight.size), weight.shape)));
      made.compile({ optimizer, loss: "categoricalCrossentropy" });
      return made;
    }

    const weightsOf = (of: { getWeights(): tf.Tensor[] }) => of.getWeights().map((weight) => floats(weight).slice());
    const train = async (of: layers.LayersModel, epochs: number) =>
      of.fit(images(), labels(), { epochs, shuffle: false, verbose: 0 });

    /** A model as JSON and bytes, as a file would have it. */
    async function saved(of: layers.LayersModel): Promise<tf.io.ModelArtifacts> {
      let kept: tf.io.ModelArtifacts | undefined;
      await of.save(
        tf.io.withSaveHandler(async (artifacts) => {
          const { weightData, ...rest } = artifacts;
          kept = { ...(JSON.parse(JSON.stringify(rest)) as typeof rest), weightData: weightData! };
          return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" as const } };
        }),
        { includeOptimizer: true },
      );
      return kept!;
    }

    test("fit() trains, and a frozen layer stays as it is", async () => {
      const trained = model(make(AdamW, { lr: 0.05 }));
      const { history } = await train(trained, 20);
      expect(history["loss"]!.at(-1)).toBeLessThan(history["loss"]![0] as number);
      const before = trained.layers.map(weightsOf);
      trained.layers[0]!.trainable = false;
      trained.compile({ optimizer: trained.optimizer, loss: "categoricalCrossentropy" });
      await train(trained, 2);
      const after = trained.layers.map(weightsOf);
      for (const [i, values] of after[0]!.entries()) expectSame(values, before[0]![i]!);
      expect(after[1]).not.toEqual(before[1]);
      expect(trained.optimizer.iterations).toBe(22);
    });

    test.each([
      [AdamW, { lr: schedules.warmupCosine({ peak: 0.1, warmup: 3, total: 20 }), weightDecay: 0.1 }],
      [
        Prodigy,
        {
          betas: [0.9, 0.99],
          groups: [
            { role: "bias", weightDecay: 0 },
            { role: "hidden", weightDecay: 0.1 },
          ],
        },
      ],
      [ScheduleFreeAdamW, { lr: 0.05, warmupSteps: 2 }],
    ])("a model that was saved with its optimizer goes on to the same bits", async (Optimizer, options) => {
      const Class = tfjsOptimizer(tf, rt, Optimizer as unknown as AnyOptimizer) as AnyClass;
      tf.serialization.registerClass(Class);
      const whole = model(new Class(options as never));
      await train(whole, 5);
      const artifacts = await saved(whole);
      // Beside the first one, whose names it cannot have, and in its place.
      const beside = await layers.loadLayersModel(tf.io.fromMemory(artifacts));
      expect(beside.optimizer).toBeInstanceOf(Class);
      expect(beside.optimizer.getConfig()).toEqual(whole.optimizer.getConfig());
      expect(beside.optimizer.iterations).toBe(5);
      await train(whole, 4);
      await train(beside, 4);
      const expected = weightsOf(whole);
      for (const [i, values] of weightsOf(beside).entries()) expectSame(values, expected[i]!, `beside, weight ${i}`);
      beside.dispose();
      whole.dispose();
      const instead = await layers.loadLayersModel(tf.io.fromMemory(artifacts));
      await train(instead, 4);
      for (const [i, values] of weightsOf(instead).entries()) expectSame(values, expected[i]!, `instead, weight ${i}`);
    });

    test("a function that is no schedule cannot be saved", async () => {
      const unsaved = model(make(AdamW, { lr: () => 0.1 }));
      await expect(saved(unsaved)).rejects.toThrow("AdamW.lr: got a function");
    });
  });
});

test("values go along when the backend changes", async () => {
  await tf.setBackend("cpu");
  const x = tf.variable(tf.tensor1d([1, 2]));
  const optimizer = make(SGD, { lr: 0.25 });
  for (const backend of ["cpu", "wasm", "cpu"]) {
    await tf.setBackend(backend);
    optimizer.minimize(squares(x), false, [x]);
  }
  expect([...floats(x)]).toEqual([0.125, 0.25]);
});

test.each(optimizers.map((Optimizer) => ({ name: Optimizer.spec.name, Optimizer })))(
  "the configuration of $name makes the same optimizer",
  ({ Optimizer }) => {
    const Class = tfjsOptimizer(tf, rt, Optimizer) as AnyClass;
    const trials = Object.entries(Optimizer.spec.options).map(([key, { trial }]) => ({ [key]: trial }));
    for (const options of [{}, ...trials, { nonFinite: "skip" }]) {
      let original: InstanceType<AnyClass>;
      try {
        original = new Class(options as never);
      } catch {
        continue; // Options that are refused alone.
      }
      const config = original.getConfig();
      const again = Class.fromConfig(Class, JSON.parse(JSON.stringify(config)) as object) as tf.Optimizer;
      expect(again.getConfig()).toEqual(config);
      expect(config).toMatchObject(options);
    }
  },
);

test("the README's example runs", async () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const [, code] = /```js\n([\s\S]*?simd-optim\/tfjs[\s\S]*?)```/.exec(readme)!;
  const file = new URL("out-readme.ts", import.meta.url).pathname;
  writeFileSync(file, `// @ts-nocheck\n${code!.replaceAll('"@tensorflow/tfjs"', '"./tensorflow.ts"')}`);
  const log = vi.spyOn(console, "log").mockReturnValue();
  try {
    await import(/* @vite-ignore */ file);
    expect(log).toHaveBeenCalled();
  } finally {
    log.mockRestore();
    rmSync(file);
  }
});
