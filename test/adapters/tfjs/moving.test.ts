/** A run moves over from tfjs' optimizer to that of this package in mid-course, by the weights that tfjs gives. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import * as layers from "@tensorflow/tfjs-layers";
import { Adam, AdamW, Lion, load, RMSprop, SGD } from "simd-optim";
import { type TfjsOptimizerClass, tfjsOptimizer } from "simd-optim/tfjs";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Options } from "../../../src/optim/define/option.ts";
import { Random } from "../../../src/tensor/random.ts";
import type { AnyOptimizer } from "../../support/specs.ts";
import { train } from "./counterparts.ts";

type Weights = Awaited<ReturnType<tf.Optimizer["getWeights"]>>;

const rt = await load();
const make = (Optimizer: unknown, options: object = {}) =>
  new (tfjsOptimizer(tf, rt, Optimizer as AnyOptimizer) as TfjsOptimizerClass<tf.Optimizer, Options>)(options as never);
const floats = (tensor: tf.Tensor) => tensor.dataSync<"float32">();

/** Gradients that depend on the step and the name alone, about 1 in size. */
function gradient(t: number, name: string, shape: number[]): tf.Tensor {
  const random = new Random(t, name);
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 2 * random.uniform() - 1),
    shape,
  );
}

const SHAPES: Readonly<Record<string, number[]>> = { kernel: [3, 2], bias: [2] };

/** Variables with names of their own, which a list of gradients can be made for. */
function variables(prefix: string) {
  const made = Object.entries(SHAPES).map(([name, shape]) => ({
    name,
    variable: tf.variable(gradient(0, name, shape), true, `${prefix}/${name}`),
  }));
  return {
    gradients: (t: number) =>
      made.map(({ name, variable }) => ({ name: variable.name, tensor: gradient(t, name, variable.shape) })),
    values: () => made.flatMap(({ variable }) => [...floats(variable)]),
    copy: (values: readonly number[]) => {
      let at = 0;
      for (const { variable } of made) {
        variable.assign(tf.tensor(values.slice(at, at + variable.size), variable.shape));
        at += variable.size;
      }
    },
  };
}

/** The weights of tfjs' optimizer; its Adamax keeps them to itself. */
async function weightsOf(optimizer: tf.Optimizer): Promise<Weights> {
  if (optimizer.getClassName() !== "Adamax") return optimizer.getWeights();
  type Kept = { originalName: string; variable: tf.Variable }[];
  const own = optimizer as unknown as { accumulatedFirstMoment: Kept; accumulatedWeightedInfNorm: Kept };
  const arrays = [...own.accumulatedFirstMoment, ...own.accumulatedWeightedInfNorm];
  return [
    await optimizer.saveIterations(),
    ...arrays.map(({ originalName: name, variable: tensor }) => ({ name, tensor })),
  ];
}

const ours = (library: object) => library as typeof tf.train;

const cases: readonly [string, (library: typeof tf.train) => tf.Optimizer][] = [
  ["SGD", ({ sgd }) => sgd(0.1)],
  ["momentum", ({ momentum }) => momentum(0.1, 0.9)],
  ["Nesterov's momentum", ({ momentum }) => momentum(0.1, 0.9, true)],
  ["Adagrad", ({ adagrad }) => adagrad(0.1, 0.3)],
  ["Adam", ({ adam }) => adam(0.05, 0.8, 0.95)],
  ["Adamax", ({ adamax }) => adamax(0.05, 0.8, 0.95)],
  ["Adamax with decay", ({ adamax }) => adamax(0.05, 0.8, 0.95, undefined, 0.1)],
  ["RMSProp", ({ rmsprop }) => rmsprop(0.05, 0.8)],
  ["RMSProp with momentum", ({ rmsprop }) => rmsprop(0.05, 0.8, 0.7)],
  ["centered RMSProp", ({ rmsprop }) => rmsprop(0.05, 0.8, 0, 1e-9, true)],
  ["centered RMSProp with momentum", ({ rmsprop }) => rmsprop(0.05, 0.8, 0.7, 1e-9, true)],
];

beforeAll(async () => {
  vi.spyOn(console, "warn").mockReturnValue();
  await tf.setBackend("cpu");
});
beforeEach(() => tf.disposeVariables());

describe.each(cases)("%s", (name, make) => {
  test.each([1, 2, 7])("goes on as in tfjs from step %i", async (moved) => {
    const [x, y] = [variables("x"), variables("y")];
    const there = make(tf.train);
    const here = make(ours(train));
    for (let t = 1; t <= moved; t++) there.applyGradients(x.gradients(t));
    y.copy(x.values());
    await here.setWeights(await weightsOf(there));
    expect(here.iterations).toBe(moved);
    for (let t = moved + 1; t <= moved + 5; t++) {
      there.applyGradients(x.gradients(t));
      here.applyGradients(y.gradients(t));
      // Some dozen roundings of values below 2; centered RMSProp takes the difference of squares, which costs it bits.
      const tolerance = name.startsWith("centered") ? 2e-6 : 5e-7;
      for (const [i, value] of x.values().entries()) {
        expect(Math.abs(y.values()[i]! - value), `step ${t}, element ${i}`).toBeLessThan(tolerance);
      }
    }
    expect(here.iterations).toBe(moved + 5);
  });

  test("starts afresh from weights before the first step", async () => {
    const x = variables("x");
    const y = variables("y");
    const [moved, fresh] = [make(ours(train)), make(ours(train))];
    await moved.setWeights([await make(tf.train).saveIterations()]);
    moved.applyGradients(x.gradients(1));
    fresh.applyGradients(y.gradients(1));
    expect(x.values()).toEqual(y.values());
    expect(moved.iterations).toBe(1);
  });
});

test("Adadelta takes the averages, and goes on from them by Zeiler's rule", async () => {
  const [rate, rho, eps] = [0.5, 0.9, 1e-4];
  const x = tf.variable(tf.tensor1d([1, -2]), true, "x");
  const there = tf.train.adadelta(rate, rho, eps);
  for (let t = 1; t <= 3; t++) there.applyGradients([{ name: "x", tensor: gradient(t, "x", [2]) }]);
  const weights = await there.getWeights();
  const [v, u] = weights.slice(1).map(({ tensor }) => tensor.dataSync<"float32">().slice());
  const before = floats(x).slice();
  const here = train.adadelta(rate, rho, eps);
  await here.setWeights(weights);
  const g = floats(gradient(4, "x", [2]));
  here.applyGradients({ x: gradient(4, "x", [2]) });
  for (const [i, value] of floats(x).entries()) {
    const average = rho * v![i]! + (1 - rho) * g[i]! ** 2;
    const expected = before[i]! - rate * Math.sqrt((u![i]! + eps) / (average + eps)) * g[i]!;
    expect(Math.abs(value - expected)).toBeLessThan(1e-6);
  }
});

test("AdamW takes over from Adam, and SGD with lr inside its buffer from momentum", async () => {
  const { adam, momentum } = tf.train;
  const sutskever = { lr: 0.05, momentum: 0.9, convention: "sutskever" };
  const pairs: [() => tf.Optimizer, tf.Optimizer][] = [
    [() => adam(0.05, 0.8, 0.95), make(AdamW, { lr: 0.05, betas: [0.8, 0.95], eps: 1e-7, weightDecay: 0 })],
    [() => momentum(0.05, 0.9), make(SGD, sutskever)],
    [() => momentum(0.05, 0.9, true), make(SGD, { ...sutskever, nesterov: true })],
  ];
  for (const [theirs, here] of pairs) {
    tf.disposeVariables();
    const there = theirs();
    const [x, y] = [variables("x"), variables("y")];
    for (let t = 1; t <= 3; t++) there.applyGradients(x.gradients(t));
    y.copy(x.values());
    await here.setWeights(await there.getWeights());
    for (let t = 4; t <= 6; t++) {
      there.applyGradients(x.gradients(t));
      here.applyGradients(y.gradients(t));
    }
    for (const [i, value] of x.values().entries()) expect(Math.abs(y.values()[i]! - value)).toBeLessThan(5e-7);
  }
});

test("RMSProp's next step is that of tfjs after its rate was changed, here or there", async () => {
  for (const rates of [
    [0.1, 0.02, 0.02],
    [0.1, 0.1, 0.02],
  ] as const) {
    tf.disposeVariables();
    const [x, y] = [variables("x"), variables("y")];
    const there = tf.train.rmsprop(rates[0], 0.8, 0.7) as tf.RMSPropOptimizer & { learningRate: number };
    const here = train.rmsprop(rates[1], 0.8, 0.7);
    for (let t = 1; t <= 3; t++) there.applyGradients(x.gradients(t));
    y.copy(x.values());
    await here.setWeights(await there.getWeights());
    there.learningRate = rates[2];
    here.learningRate = rates[2];
    there.applyGradients(x.gradients(4));
    here.applyGradients(y.gradients(4));
    for (const [i, value] of x.values().entries()) expect(Math.abs(y.values()[i]! - value)).toBeLessThan(5e-7);
  }
});

test("variables of other names get the weights in the order that tfjs had them in", async () => {
  const start = () => [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
  // Names that look like an index, which an object would put in another order.
  const [b, a] = start().map((values, i) => tf.variable(values, true, String(900_001 - i)));
  const [c, d] = start().map((values) => tf.variable(values));
  const [there, here] = [tf.train.adam(0.1, 0.8, 0.9), train.adam(0.1, 0.8, 0.9)];
  const list = (variables: readonly tf.Variable[], t: number) =>
    variables.map(({ name }, i) => ({ name, tensor: gradient(t, String(i), [2]) }));
  for (let t = 1; t <= 3; t++) there.applyGradients(list([b!, a!], t));
  for (const [from, to] of [
    [b!, c!],
    [a!, d!],
  ] as const)
    to.assign(from);
  await here.setWeights(await there.getWeights());
  there.applyGradients(list([b!, a!], 4));
  here.applyGradients(list([c!, d!], 4));
  for (const [theirs, ours] of [
    [b!, c!],
    [a!, d!],
  ] as const) {
    for (const [i, value] of floats(theirs).entries()) expect(Math.abs(floats(ours)[i]! - value)).toBeLessThan(5e-7);
  }
});

test("weights of tfjs are given back as they were until the first step", async () => {
  const x = variables("x");
  const there = tf.train.adam(0.05);
  there.applyGradients(x.gradients(1));
  const weights = await there.getWeights();
  const here = make(Adam, { eps: 1e-7 });
  await here.setWeights(weights);
  const back = await here.getWeights();
  expect(back.map(({ name }) => name)).toEqual(weights.map(({ name }) => name));
  for (const [i, { tensor }] of back.entries()) expect([...floats(tensor)]).toEqual([...floats(weights[i]!.tensor)]);
  here.applyGradients(x.gradients(2));
  expect((await here.getWeights())[1]!.name).toBe("x/kernel/steps");
});

test("a model that tfjs trained goes on, saved and loaded or not", async () => {
  const inputs = gradient(1, "inputs", [8, 4]);
  const targets = gradient(1, "targets", [8, 2]);
  const made = () => {
    const model = layers.sequential({
      layers: [
        layers.layers.dense({ units: 3, inputShape: [4], activation: "tanh" }),
        layers.layers.dense({ units: 2 }),
      ],
    });
    model.setWeights(model.getWeights().map((weight, i) => gradient(i, "weight", weight.shape)));
    model.compile({ optimizer: tf.train.adam(0.01), loss: "meanSquaredError" });
    return model;
  };
  const fit = (model: layers.LayersModel) => model.fit(inputs, targets, { epochs: 4, shuffle: false, verbose: 0 });
  const values = (model: layers.LayersModel) => model.getWeights().flatMap((weight) => [...floats(weight)]);
  const there = made();
  await fit(there);
  let artifacts: tf.io.ModelArtifacts | undefined;
  await there.save(
    tf.io.withSaveHandler(async (saved) => {
      artifacts = saved;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" as const } };
    }),
    { includeOptimizer: true },
  );
  const loaded = await layers.loadLayersModel(tf.io.fromMemory(artifacts!));
  const weights = await loaded.optimizer.getWeights();
  await fit(there);
  const optimizer = make(Adam, { lr: 0.01, eps: 1e-7 });
  await optimizer.setWeights(weights);
  loaded.compile({ optimizer, loss: "meanSquaredError" });
  await fit(loaded);
  expect(optimizer.iterations).toBe(8);
  const expected = values(there);
  for (const [i, value] of values(loaded).entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6);
});

describe("refused, and nothing has changed", () => {
  async function weights(there: tf.Optimizer): Promise<Weights> {
    const x = tf.variable(tf.tensor1d([1, 2]), true, "x");
    there.applyGradients({ x: tf.tensor1d([1, 1]) });
    const given = (await there.getWeights()).map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
    there.dispose();
    x.dispose();
    return given;
  }

  test.each([
    ["weights of another rule", () => tf.train.adagrad(0.1), Adam, {}, 'weights: got "x/accumulator", expected'],
    ["weights for a rule that tfjs lacks", () => tf.train.adam(0.1), Lion, {}, 'weights: got "x/m", expected'],
  ] as const)("%s at once", async (_, there, Optimizer, options, message) => {
    const given = await weights(there());
    const optimizer = make(Optimizer, options);
    await expect(optimizer.setWeights(given)).rejects.toThrow(message);
    expect(optimizer.iterations).toBe(0);
  });

  test.each([
    ["arrays that the options lack", () => tf.train.momentum(0.1, 0.9), SGD, {}, "unexpected x/momentum_buffer"],
    ["arrays too few", () => tf.train.sgd(0.1), Adam, {}, "missing x/exp_avg"],
    ["arrays that the options add", () => tf.train.adam(0.1), Adam, { amsgrad: true }, "missing x/max_exp_avg_sq"],
    ["centered arrays", () => tf.train.rmsprop(0.1, 0.9, 0, 1e-7, true), RMSprop, {}, "unexpected x/grad_avg"],
    [
      "a buffer at no learning rate",
      () => tf.train.rmsprop(0.1, 0.9, 0.5),
      RMSprop,
      { lr: 0, momentum: 0.5 },
      "lr: got 0, expected",
    ],
  ] as const)("%s, once variables are known", async (_, there, Optimizer, options, message) => {
    const given = await weights(there());
    const optimizer = make(Optimizer, options);
    await optimizer.setWeights(given);
    const x = tf.variable(tf.tensor1d([1, 2]), true, "x");
    expect(() => optimizer.applyGradients({ x: tf.ones([2]) })).toThrow(message);
    expect([...floats(x), optimizer.iterations]).toEqual([1, 2, 1]);
    await optimizer.setWeights([await make(Optimizer).saveIterations()]);
    optimizer.applyGradients({ x: tf.ones([2]) });
    expect(optimizer.iterations).toBe(1);
  });

  test.each([
    ["no list", 3, "weights: got 3"],
    ["no tensors", [{ name: "iter" }], "weights: got"],
    ["no name", [{ tensor: 3 }], "weights: got"],
    ["half an update", [{ name: "iter", tensor: tf.scalar(0.5) }], "weights: iter: got 0.5"],
    ["updates below 0", [{ name: "iter", tensor: tf.scalar(-1, "int32") }], "weights: iter: got -1"],
    [
      "integers as an average",
      [
        { name: "iter", tensor: tf.scalar(1, "int32") },
        { name: "x/m", tensor: tf.ones([2], "int32") },
      ],
      "weights: x/m: got",
    ],
    [
      "an array of nothing",
      [
        { name: "iter", tensor: tf.scalar(1, "int32") },
        { name: "m", tensor: tf.ones([2]) },
      ],
      'weights: got "m"',
    ],
  ])("%s", async (_, given, message) => {
    const optimizer = make(Adam);
    await expect(optimizer.setWeights(given as never)).rejects.toThrow(message);
    expect(optimizer.iterations).toBe(0);
  });
});
