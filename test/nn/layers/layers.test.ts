/** Norms, convolution and pooling as layers: gradients, starts, memory, and what they refuse. */
import { describe, expect, test } from "vitest";
import { conv2d, conv2dBackward } from "../../../src/nn/functions/conv2d.ts";
import { layerNorm, layerNormBackward } from "../../../src/nn/functions/layerNorm.ts";
import type { AnyLayer } from "../../../src/nn/layer.ts";
import {
  AvgPool2d,
  Conv2d,
  Flatten,
  LayerNorm,
  Linear,
  MaxPool2d,
  Recompute,
  Residual,
  RMSNorm,
  Sequential,
  Tanh,
} from "../../../src/nn/layers/index.ts";
import { Network, plan } from "../../../src/nn/network.ts";
import { declarationsOf } from "../../../src/nn/tree.ts";
import type { Parameter } from "../../../src/tensor/parameters.ts";
import { load, type Runtime } from "../../../src/tensor/runtime.ts";
import { drawn, expectSame, relativeError } from "../../support/differences.ts";
import { bitsOf, loadAll } from "../../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];
const images = [2, 4, 6, 5];
const rows = [3, 4, 6];

/** A small convolutional classifier with everything in it. */
function convolutional(): AnyLayer {
  return new Sequential({
    pool: new MaxPool2d(2),
    conv: new Conv2d(4, 6, 3, { padding: 1, groups: 2 }),
    act: new Tanh(),
    deep: new Conv2d(6, 4, [2, 1], { bias: false }),
    mean: new AvgPool2d(2, { stride: 1 }),
    flat: new Flatten(),
    norm: new LayerNorm(4),
    head: new Linear(4, 3),
  });
}

/** Any parameters, for layers that have none of their own. */
const unused = rt.parameters({ unused: [1] });

function networkOf(root: AnyLayer, runtime = rt): Network {
  const parameters = Object.keys(declarationsOf(root)).length > 0 ? {} : { parameters: unused };
  const network = new Network(runtime, root, { seed: 3, ...parameters });
  // Weights that are neither all 1 nor all 0.
  for (const { name, value, role, data } of network.parameters) {
    if (role === "norm") data.set(drawn(runtime, value.shape, name).data);
  }
  return network;
}

const cases: [string, readonly number[], () => AnyLayer][] = [
  ["LayerNorm", rows, () => new LayerNorm(6)],
  ["LayerNorm over two axes, without bias", rows, () => new LayerNorm([4, 6], { bias: false, eps: 0.1 })],
  ["LayerNorm without parameters", rows, () => new LayerNorm(6, { elementwiseAffine: false })],
  ["RMSNorm", rows, () => new RMSNorm(6)],
  ["RMSNorm without parameters", rows, () => new RMSNorm([4, 6], { elementwiseAffine: false, eps: 0.1 })],
  [
    "two norms in residual branches",
    rows,
    () =>
      new Sequential([
        new Residual(new Sequential([new LayerNorm(6), new Linear(6, 6)])),
        new Residual(new Sequential([new RMSNorm(6), new Tanh()])),
      ]),
  ],
  ["Conv2d", images, () => new Conv2d(4, 6, 3)],
  [
    "Conv2d with every option",
    images,
    () => new Conv2d(4, 6, [3, 2], { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2, bias: false }),
  ],
  ["MaxPool2d", images, () => new MaxPool2d(2)],
  [
    "MaxPool2d with every option",
    images,
    () => new MaxPool2d([3, 2], { stride: 2, padding: 1, dilation: [1, 2], ceilMode: true }),
  ],
  ["AvgPool2d", images, () => new AvgPool2d(2)],
  [
    "AvgPool2d with every option",
    images,
    () => new AvgPool2d([3, 2], { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
  ],
  ["Flatten, first and last", images, () => new Sequential([new Flatten(), new Tanh(), new Flatten()])],
  ["all of them in a row", images, convolutional],
];

/** The same order as normal samples, but values so far apart that central differences do not change which is largest. */
function apart(shape: readonly number[], runtime = rt): ReturnType<typeof drawn> {
  const x = drawn(runtime, shape, "x");
  const order = [...x.data.keys()].sort((i, j) => x.data[i]! - x.data[j]!);
  for (const [rank, i] of order.entries()) x.data[i] = 0.02 * (rank - x.size / 2);
  return x;
}

/** sum y dy, in float64. */
function value(network: Network, x: Parameters<Network["forward"]>[0], dy: Float32Array): number {
  return network.forward(x).data.reduce((sum, y, i) => sum + y * dy[i]!, 0);
}

/** d value / d data by central differences; the outputs are float32, so h is no smaller. */
function differences(data: Float32Array, at: () => number): number[] {
  const h = 2 ** -9;
  return Array.from(data, (kept, i) => {
    data[i] = kept + h;
    const above = at();
    data[i] = kept - h;
    const below = at();
    data[i] = kept;
    return (above - below) / (2 * h);
  });
}

describe.each(cases)("%s", (_, shape, make) => {
  test("has the gradients of central differences within 3e-3 of the largest, and leaves its input alone", () => {
    const network = networkOf(make());
    const x = apart(shape);
    const kept = x.data.slice();
    const dy = drawn(rt, plan(make(), { shape }).output, "dy");
    network.parameters.zeroGrad();
    network.forward(x, { inputGradient: true });
    const dx = network.backward(dy)!;
    expect(dx.shape).toEqual(shape);
    const ours = dx.data.slice();
    expectSame(x.data, kept);
    const at = () => value(network, x, dy.data);
    expect(relativeError(ours, differences(x.data, at))).toBeLessThan(3e-3);
    for (const { name, data, grad } of network.parameters) {
      if (network.parameters === unused) break;
      expect(relativeError(grad, differences(data, at)), name).toBeLessThan(3e-3);
    }
  });

  test("takes the memory that the plan says, recomputed for the same bits too", async () => {
    const runtime = await load();
    const results = [make(), new Recompute(make())].map((root) => {
      const planned = plan(root, { shape }, { inputGradient: true });
      const parameters = runtime.parameters({ unused: [1], ...parametersFor(root) });
      const network = new Network(runtime, root, { parameters });
      for (const { name, value, data } of parameters) data.set(drawn(runtime, value.shape, name).data);
      const [x, dy] = [drawn(runtime, shape, "x"), drawn(runtime, planned.output, "dy")];
      const y = network.forward(x, { inputGradient: true }).data.slice();
      const dx = network.backward(dy)!.data.slice();
      expect(network.peak).toBe(planned.activations);
      expect(network.bytes).toBe(planned.activations);
      return [y, dx, ...[...parameters].map(({ grad }) => grad.slice())];
    });
    for (const [i, array] of results[0]!.entries()) expectSame(results[1]![i]!, array, `array ${i}`);
  });
});

function parametersFor(root: AnyLayer): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(declarationsOf(root)).map(([name, { shape }]) => [name, shape]));
}

test("backends agree to the bit", () => {
  const results = runtimes.map((runtime) => {
    const network = networkOf(convolutional(), runtime);
    const y = network.forward(drawn(runtime, images, "x")).data.slice();
    network.backward(drawn(runtime, [2, 3], "dy"));
    return [y, ...[...network.parameters].map(({ grad }) => grad)].map((array) => [...bitsOf(array)]);
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test("workspace is planned: a convolution takes no more than was said", async () => {
  const runtime = await load();
  const root = new Conv2d(3, 8, 5, { padding: "same" });
  const planned = plan(root, { shape: [2, 3, 40, 40] });
  const before = runtime.heap.used;
  const network = new Network(runtime, root);
  network.forward(runtime.tensor([2, 3, 40, 40]));
  network.backward(runtime.tensor([2, 8, 40, 40]));
  const inputs = 4 * 2 * 40 * 40 * (3 + 8);
  const predicted = planned.parameters + planned.activations + planned.workspace + inputs;
  expect(Math.abs(runtime.heap.used - before - predicted)).toBeLessThanOrEqual(0.01 * predicted);
  expect(planned.workspace).toBeGreaterThan(4 * 3 * 25 * 40 * 40);
});

test("layers do what their functions do, to the bit", () => {
  const x = drawn(rt, rows, "x");
  const norm = networkOf(new LayerNorm(6, { eps: 1e-3 }));
  const [weight, bias] = [...norm.parameters] as [Parameter, Parameter];
  const [y, saved, dx, dWeight] = [rt.tensor(rows), rt.tensor([3, 12]), rt.tensor(rows), rt.tensor([6])];
  layerNorm(x, weight.value, bias.value, y, saved, { eps: 1e-3 });
  expectSame(norm.forward(x, { inputGradient: true }).data, y.data);
  layerNormBackward(x, weight.value, saved, x, { dx, dWeight });
  expectSame(norm.backward(x)!.data, dx.data);
  expectSame(norm.parameters.get("weight").grad, dWeight.data);

  const image = drawn(rt, images, "x");
  const convolution = new Network(rt, new Conv2d(4, 2, 1), { seed: 1 });
  const [w, b] = [...convolution.parameters] as [Parameter, Parameter];
  const [out, dImage, dKernel] = [rt.tensor([2, 2, 6, 5]), rt.tensor(images), rt.tensor([2, 4, 1, 1])];
  conv2d(image, w.value, b.value, out);
  expectSame(convolution.forward(image, { inputGradient: true }).data, out.data);
  conv2dBackward(image, w.value, out, { dx: dImage, dWeight: dKernel });
  expectSame(convolution.backward(out)!.data, dImage.data);
  expectSame(convolution.parameters.get("weight").grad, dKernel.data);
});

test("names, shapes, roles and starts are torch's", () => {
  const { parameters } = new Network(rt, convolutional(), { seed: 1 });
  expect([...parameters].map(({ name, shape, role }) => `${name} ${shape} ${role}`)).toEqual([
    "conv.weight 6,2,3,3 hidden",
    "conv.bias 6 bias",
    "deep.weight 4,6,2,1 hidden",
    "norm.weight 4 norm",
    "norm.bias 4 norm",
    "head.weight 3,4 hidden",
    "head.bias 3 bias",
  ]);
  expect([...parameters.get("norm.weight").data, ...parameters.get("norm.bias").data]).toEqual([
    1, 1, 1, 1, 0, 0, 0, 0,
  ]);
  for (const name of ["conv.weight", "conv.bias"]) {
    const largest = Math.max(...parameters.get(name).data.map(Math.abs));
    expect(largest, name).toBeLessThanOrEqual(1 / Math.sqrt(18));
    expect(largest, name).toBeGreaterThan(0.6 / Math.sqrt(18));
  }
  const start = new Conv2d(1, 1, 2, { start: (value) => value.engine.unchecked.fill(value.pointer, value.size, 7) });
  const given = new Network(rt, start).parameters;
  expect([...given.get("weight").data, ...given.get("bias").data]).toEqual([7, 7, 7, 7, 0]);
});

test("each says what it keeps: pooling places alone, and flattening nothing", () => {
  const { kept } = plan(convolutional(), { shape: images });
  expect(kept).toEqual({
    pool: 4 * 2 * 4 * 3 * 2,
    conv: 4 * 2 * 4 * 3 * 2,
    act: 4 * 2 * 6 * 3 * 2,
    norm: 4 * 2 * 4 + 4 * 3 * 2,
    head: 4 * 2 * 4,
  });
  expect(plan(new Sequential([new Linear(5, 5), new RMSNorm(5)]), { shape: [7, 5] }).kept).toEqual({
    "1": 4 * 7 * 5 + 4 * 7,
  });
});

test("mistakes are named", () => {
  expect(() => new LayerNorm(0)).toThrow("normalizedShape: got [0]");
  expect(() => new LayerNorm(4, { eps: -1 })).toThrow("eps: got -1");
  expect(() => new LayerNorm(4, { affine: true } as object)).toThrow("LayerNorm.affine");
  expect(() => new RMSNorm(4, { bias: true } as object)).toThrow("RMSNorm.bias");
  expect(() => new RMSNorm(4, { elementwiseAffine: 1 as never })).toThrow("elementwiseAffine: got 1");
  expect(() => new Conv2d(3, 4, 0)).toThrow("kernel: got 0");
  expect(() => new Conv2d(3, 4, 3, { groups: 2 })).toThrow("groups: got 2, expected a divisor of the 3 inputs");
  expect(() => new Conv2d(4, 3, 3, { groups: 2 })).toThrow("groups: got 2, expected a divisor of the 3 outputs");
  expect(() => new Conv2d(3, 4, 3, { strides: 2 } as object)).toThrow("Conv2d.strides");
  expect(() => new Conv2d(3, 4, 3, { stride: 2, padding: "same" })).toThrow("padding");
  const flat = new Network(rt, new Sequential([new Conv2d(3, 4, 3), new Flatten(), new LayerNorm(8)]));
  expect(() => flat.forward(rt.tensor([2, 3, 6, 6]))).toThrow("x: got [2, 64], expected a shape that ends in [8]");
  expect(() => flat.forward(rt.tensor([2, 5, 6, 6]))).toThrow("expected 5 / 1 inputs to each output");
});
