/** Convolution against the sum it is defined by, in float64, and its gradients against central differences. */
import { describe, expect, test } from "vitest";
import { Heap } from "../../../src/memory/heap.ts";
import {
  type Conv2dOptions,
  conv2d,
  conv2dBackward,
  conv2dBytes,
  conv2dShape,
} from "../../../src/nn/functions/conv2d.ts";
import type { Pair } from "../../../src/nn/window.ts";
import { normal } from "../../../src/tensor/random.ts";
import type { Runtime } from "../../../src/tensor/runtime.ts";
import { centralDifferences, relativeError } from "../../support/differences.ts";
import { bitsOf, loadAll } from "../../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];

interface Case {
  readonly x: [number, number, number, number];
  readonly weight: [number, number, number, number];
  readonly options: Conv2dOptions;
  readonly out: [number, number];
}

const cases: Case[] = [
  { x: [2, 3, 5, 6], weight: [4, 3, 3, 3], options: {}, out: [3, 4] },
  { x: [2, 4, 7, 5], weight: [6, 2, 3, 2], options: { stride: [2, 1], padding: [1, 2], groups: 2 }, out: [4, 8] },
  { x: [1, 2, 9, 8], weight: [3, 2, 3, 3], options: { dilation: [2, 3], stride: 2, padding: [0, 1] }, out: [3, 2] },
  { x: [2, 3, 6, 7], weight: [3, 1, 3, 4], options: { padding: "same", groups: 3 }, out: [6, 7] },
  { x: [2, 3, 4, 5], weight: [2, 3, 1, 1], options: {}, out: [4, 5] },
  { x: [1, 1, 2, 2], weight: [1, 1, 2, 2], options: { padding: 3, stride: 3 }, out: [3, 3] },
];

const both = (value: Pair) => (typeof value === "number" ? [value, value] : value) as [number, number];

/** The definition. `padding: "same"` puts the smaller half first. */
function direct({ x: [batch, channels, height, width], weight, options, out }: Case) {
  const [outputs, inputs, tall, wide] = weight;
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const [[sy, sx], [dy, dx]] = [both(stride), both(dilation)];
  const [py, px] = padding === "same" ? [((tall - 1) * dy) >> 1, ((wide - 1) * dx) >> 1] : both(padding);
  return (x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number> | null): number[] => {
    const y: number[] = [];
    for (let n = 0; n < batch; n++) {
      for (let o = 0; o < outputs; o++) {
        const first = Math.floor(o / (outputs / groups)) * inputs;
        for (let at = 0; at < out[0] * out[1]; at++) {
          const [oy, ox] = [Math.floor(at / out[1]), at % out[1]];
          let sum = b?.[o] ?? 0;
          for (let place = 0; place < inputs * tall * wide; place++) {
            const [c, k, l] = [Math.floor(place / (tall * wide)), Math.floor(place / wide) % tall, place % wide];
            const [row, column] = [oy * sy! - py! + k * dy!, ox * sx! - px! + l * dx!];
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            sum +=
              w[o * inputs * tall * wide + place]! * x[((n * channels + first + c) * height + row) * width + column]!;
          }
          y.push(sum);
        }
      }
    }
    return y;
  };
}

function drawn(runtime: Runtime, shape: readonly number[], name: string) {
  const tensor = runtime.tensor(shape);
  normal(tensor, { seed: 3, name });
  return tensor;
}

function inputsOf(runtime: Runtime, { x, weight, out }: Case) {
  return {
    x: drawn(runtime, x, "x"),
    weight: drawn(runtime, weight, "weight"),
    bias: drawn(runtime, [weight[0]], "bias"),
    dy: drawn(runtime, [x[0], weight[0], ...out], "dy"),
  };
}

/** Every result on one backend. */
function run(runtime: Runtime, golden: Case) {
  const { x, weight, bias, dy } = inputsOf(runtime, golden);
  const y = runtime.tensor(dy.shape);
  conv2d(x, weight, bias, y, golden.options);
  const [dx, dWeight, dBias] = [x, weight, bias].map(({ shape }) => runtime.tensor(shape)) as [
    typeof x,
    typeof x,
    typeof x,
  ];
  // What is left over from before must not show in dx.
  dx.data.fill(Number.NaN);
  conv2dBackward(x, weight, dy, { dx, dWeight, dBias }, golden.options);
  return { y: y.data.slice(), dx: dx.data.slice(), dWeight: dWeight.data.slice(), dBias: dBias.data.slice() };
}

describe.each(cases)("$weight over $x, $options", (golden) => {
  const { x, weight, bias, dy } = inputsOf(rt, golden);
  const [xs, ws, bs, dys] = [x, weight, bias, dy].map(({ data }) => data.slice()) as [
    Float32Array,
    ...[Float32Array, Float32Array, Float32Array],
  ];
  const convolve = direct(golden);
  const ours = run(rt, golden);

  test("forward is the sum it is defined by, with a bias or without", () => {
    expect(conv2dShape(golden.x, golden.weight, golden.options)).toEqual([
      golden.x[0],
      golden.weight[0],
      ...golden.out,
    ]);
    // At most 18 products, each rounded twice.
    expect(relativeError(ours.y, convolve(xs, ws, bs))).toBeLessThan(18 * 2 ** -24);
    const y = rt.tensor(dy.shape);
    y.data.fill(Number.NaN);
    conv2d(x, weight, null, y, golden.options);
    expect(relativeError(y.data, convolve(xs, ws, null))).toBeLessThan(18 * 2 ** -24);
  });

  test("gradients agree with central differences", () => {
    const objective = (x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>) =>
      convolve(x, w, b).reduce((sum, value, i) => sum + value * dys[i]!, 0);
    expect(
      relativeError(
        ours.dx,
        centralDifferences(xs, (v) => objective(v, ws, bs)),
      ),
    ).toBeLessThan(3e-6);
    expect(
      relativeError(
        ours.dWeight,
        centralDifferences(ws, (v) => objective(xs, v, bs)),
      ),
    ).toBeLessThan(3e-6);
    expect(
      relativeError(
        ours.dBias,
        centralDifferences(bs, (v) => objective(xs, ws, v)),
      ),
    ).toBeLessThan(1e-6);
  });

  test("gradients of parameters are added to, and each may be left out", () => {
    const [dWeight, dBias, dx] = [rt.tensor(golden.weight), rt.tensor([golden.weight[0]]), rt.tensor(golden.x)];
    dWeight.data.fill(1);
    dBias.data.fill(1);
    conv2dBackward(x, weight, dy, { dWeight }, golden.options);
    conv2dBackward(x, weight, dy, { dBias }, golden.options);
    conv2dBackward(x, weight, dy, { dx }, golden.options);
    expect(
      relativeError(
        dWeight.data,
        Array.from(ours.dWeight, (g) => g + 1),
      ),
    ).toBeLessThan(1e-6);
    expect(
      relativeError(
        dBias.data,
        Array.from(ours.dBias, (g) => g + 1),
      ),
    ).toBeLessThan(1e-6);
    expect(bitsOf(dx.data)).toEqual(bitsOf(ours.dx));
  });

  test("every backend gives the same bits", () => {
    for (const runtime of runtimes) {
      for (const [key, values] of Object.entries(run(runtime, golden))) {
        expect(bitsOf(values), key).toEqual(bitsOf(ours[key as keyof typeof ours]));
      }
    }
  });
});

test("the workspace is what it says, and is all that a call allocates", async () => {
  const [runtime] = (await loadAll()) as [Runtime];
  const [x, weight, y] = [
    runtime.tensor([1, 8, 40, 40]),
    runtime.tensor([16, 8, 3, 3]),
    runtime.tensor([1, 16, 38, 38]),
  ];
  const before = runtime.heap.used;
  conv2d(x, weight, null, y);
  const windows = 4 * 8 * 9 * 38 * 38;
  const ofProduct = conv2dBytes(x.shape, weight.shape) - windows;
  expect(ofProduct).toBeGreaterThan(0);
  const taken = Heap.footprint(windows) + Heap.footprint(ofProduct);
  expect(runtime.heap.used - before).toBe(taken);
  conv2dBackward(x, weight, y, { dx: runtime.tensor(x.shape) });
  expect(runtime.heap.used - before).toBe(taken + Heap.footprint(4 * x.size));
});

describe("what does not fit is refused before anything is written", () => {
  const [x, weight, y] = [rt.tensor([1, 4, 5, 5]), rt.tensor([6, 4, 3, 3]), rt.tensor([1, 6, 3, 3])];
  y.data.fill(7);
  test.each([
    [
      "x: got [4, 5, 5], expected [batch, channels, height, width]",
      () => conv2d(rt.tensor([4, 5, 5]), weight, null, y),
    ],
    ["weight: got [6, 4, 3, 3], expected 4 / 2 inputs", () => conv2d(x, weight, null, y, { groups: 2 })],
    ["groups: got 4, expected a divisor of the 6", () => conv2d(x, rt.tensor([6, 1, 3, 3]), null, y, { groups: 4 })],
    ["bias: got [5]", () => conv2d(x, weight, rt.tensor([5]), y)],
    [
      "y: got [1, 6, 3, 3], expected a f32 tensor of shape [1, 6, 5, 5]",
      () => conv2d(x, weight, null, y, { padding: 1 }),
    ],
    ["stride: got 0", () => conv2d(x, weight, null, y, { stride: 0 })],
    ["dilation: got 1.5", () => conv2d(x, weight, null, y, { dilation: [1, 1.5] })],
    ["padding: got -1", () => conv2d(x, weight, null, y, { padding: -1 })],
    [
      "padding: got [1, 2, 3], expected a number, or two",
      () => conv2d(x, weight, null, y, { padding: [1, 2, 3] as never }),
    ],
    ['padding: got "same", expected numbers', () => conv2d(x, weight, null, y, { padding: "same", stride: 2 })],
    ["expected room for a window", () => conv2d(x, rt.tensor([6, 4, 7, 7]), null, y)],
    ["conv2d.pad", () => conv2d(x, weight, null, y, { pad: 1 } as never)],
    ["dy: got [1, 6, 2, 3]", () => conv2dBackward(x, weight, rt.tensor([1, 6, 2, 3]), {})],
    ["dWeight: got [6]", () => conv2dBackward(x, weight, y, { dWeight: rt.tensor([6]) })],
    ["dBias: got [4]", () => conv2dBackward(x, weight, y, { dBias: rt.tensor([4]) })],
  ])("%s", (message, call) => {
    expect(call).toThrow(message);
    expect(y.data.every((value) => value === 7)).toBe(true);
  });
});
