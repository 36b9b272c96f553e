/** Pooling against its definition in float64, and its gradients against central differences. */
import { describe, expect, test } from "vitest";
import {
  type AvgPoolOptions,
  avgPool2d,
  avgPool2dBackward,
  type MaxPoolOptions,
  maxPool2d,
  maxPool2dBackward,
  pool2dShape,
} from "../../../src/nn/functions/pool2d.ts";
import type { Pair } from "../../../src/nn/window.ts";
import { normal } from "../../../src/tensor/random.ts";
import type { Runtime } from "../../../src/tensor/runtime.ts";
import { centralDifferences, relativeError } from "../../support/differences.ts";
import { bitsOf, loadAll } from "../../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];

type Shape = [number, number, number, number];

interface Case<O> {
  readonly x: Shape;
  readonly kernel: Pair;
  readonly options: O;
  readonly out: [number, number];
}

const maxCases: Case<MaxPoolOptions>[] = [
  { x: [2, 3, 6, 8], kernel: 2, options: {}, out: [3, 4] },
  { x: [1, 2, 7, 5], kernel: [3, 2], options: { stride: [2, 1], padding: [1, 1] }, out: [4, 6] },
  { x: [2, 1, 7, 9], kernel: 3, options: { stride: 2, dilation: [1, 2], padding: [0, 1] }, out: [3, 4] },
  { x: [1, 2, 6, 7], kernel: 3, options: { stride: 2, ceilMode: true }, out: [3, 3] },
  // torch leaves out a last window that would start in the padding after the plane.
  { x: [1, 1, 2, 5], kernel: 2, options: { stride: 2, padding: 1, ceilMode: true }, out: [2, 3] },
];

const avgCases: Case<AvgPoolOptions>[] = [
  { x: [2, 3, 6, 8], kernel: 2, options: {}, out: [3, 4] },
  { x: [1, 2, 7, 5], kernel: [3, 2], options: { stride: [2, 1], padding: [1, 1] }, out: [4, 6] },
  { x: [1, 2, 7, 5], kernel: 3, options: { stride: 2, padding: 1, countIncludePad: false }, out: [4, 3] },
  { x: [1, 2, 6, 7], kernel: 3, options: { stride: 2, padding: 1, ceilMode: true }, out: [4, 4] },
  { x: [2, 3, 5, 7], kernel: [5, 7], options: {}, out: [1, 1] },
];

const both = (value: Pair) => (typeof value === "number" ? [value, value] : value) as [number, number];

/** For each output, the places of its window in x, and those that count in plane and padding. */
function windows({ x: [batch, channels, height, width], kernel, options, out }: Case<MaxPoolOptions>) {
  const { stride = kernel, padding = 0, dilation = 1 } = options;
  const [[ky, kx], [sy, sx], [py, px], [dy, dx]] = [both(kernel), both(stride), both(padding), both(dilation)];
  const found: { places: number[]; padded: number }[] = [];
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let oy = 0; oy < out[0]; oy++) {
      for (let ox = 0; ox < out[1]; ox++) {
        const places: number[] = [];
        let padded = 0;
        for (let k = 0; k < ky! * kx!; k++) {
          const row = oy * sy! - py! + Math.floor(k / kx!) * dy!;
          const column = ox * sx! - px! + (k % kx!) * dx!;
          if (row < height + py! && column < width + px!) padded++;
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          places.push((plane * height + row) * width + column);
        }
        found.push({ places, padded });
      }
    }
  }
  return found;
}

function drawn(runtime: Runtime, shape: readonly number[], name: string) {
  const tensor = runtime.tensor(shape);
  normal(tensor, { seed: 3, name });
  return tensor;
}

const outOf = ({ x: [batch, channels], out }: Case<unknown>): Shape => [batch, channels, ...out];

function runMax(runtime: Runtime, golden: Case<MaxPoolOptions>) {
  const [x, dy] = [drawn(runtime, golden.x, "x"), drawn(runtime, outOf(golden), "dy")];
  const [y, index, dx] = [
    runtime.tensor(dy.shape),
    runtime.tensor(dy.shape, { type: "u32" }),
    runtime.tensor(golden.x),
  ];
  maxPool2d(x, golden.kernel, y, index, golden.options);
  dx.data.fill(Number.NaN);
  maxPool2dBackward(dy, index, dx);
  return { x: x.data.slice(), dy: dy.data.slice(), y: y.data.slice(), index: index.data.slice(), dx: dx.data.slice() };
}

function runAvg(runtime: Runtime, golden: Case<AvgPoolOptions>) {
  const [x, dy] = [drawn(runtime, golden.x, "x"), drawn(runtime, outOf(golden), "dy")];
  const [y, dx] = [runtime.tensor(dy.shape), runtime.tensor(golden.x)];
  avgPool2d(x, golden.kernel, y, golden.options);
  dx.data.fill(Number.NaN);
  avgPool2dBackward(dy, golden.kernel, dx, golden.options);
  return { x: x.data.slice(), dy: dy.data.slice(), y: y.data.slice(), dx: dx.data.slice() };
}

describe.each(maxCases)("maxPool2d of $kernel over $x, $options", (golden) => {
  const ours = runMax(rt, golden);
  const pool = (x: ArrayLike<number>) => windows(golden).map(({ places }) => Math.max(...places.map((at) => x[at]!)));

  test("takes the largest of each window, and says where it is", () => {
    expect(pool2dShape(golden.x, golden.kernel, golden.options)).toEqual(outOf(golden));
    expect([...ours.y]).toEqual(pool(ours.x));
    const area = golden.x[2] * golden.x[3];
    const perPlane = golden.out[0] * golden.out[1];
    for (const [i, at] of ours.index.entries()) expect(ours.x[Math.floor(i / perPlane) * area + at]).toBe(ours.y[i]);
  });

  test("the gradient agrees with central differences", () => {
    const objective = (x: ArrayLike<number>) => pool(x).reduce((sum, y, i) => sum + y * ours.dy[i]!, 0);
    expect(relativeError(ours.dx, centralDifferences(ours.x, objective))).toBeLessThan(1e-6);
  });

  test("every backend gives the same bits", () => {
    for (const runtime of runtimes) {
      const { y, index, dx } = runMax(runtime, golden);
      expect([bitsOf(y), index, bitsOf(dx)]).toEqual([bitsOf(ours.y), ours.index, bitsOf(ours.dx)]);
    }
  });
});

describe.each(avgCases)("avgPool2d of $kernel over $x, $options", (golden) => {
  const ours = runAvg(rt, golden);
  const pool = (x: ArrayLike<number>) =>
    windows(golden).map(({ places, padded }) => {
      const count = golden.options.countIncludePad === false ? places.length : padded;
      return places.reduce((sum, at) => sum + x[at]!, 0) / count;
    });

  test("takes the mean of each window, and its gradient agrees with central differences", () => {
    expect(pool2dShape(golden.x, golden.kernel, golden.options)).toEqual(outOf(golden));
    expect([...ours.y]).toEqual(pool(ours.x).map(Math.fround));
    const objective = (x: ArrayLike<number>) => pool(x).reduce((sum, y, i) => sum + y * ours.dy[i]!, 0);
    expect(relativeError(ours.dx, centralDifferences(ours.x, objective))).toBeLessThan(1e-6);
  });

  test("every backend gives the same bits", () => {
    for (const runtime of runtimes) {
      const { y, dx } = runAvg(runtime, golden);
      expect([bitsOf(y), bitsOf(dx)]).toEqual([bitsOf(ours.y), bitsOf(ours.dx)]);
    }
  });
});

test.each(runtimes)("maxPool2d keeps NaN and -infinity, and takes the first of equals, on $backend", (runtime) => {
  const x = runtime.tensor([1, 1, 2, 6], {
    values: [...[1, Number.NaN, -Infinity, -Infinity, 5, 5], ...[2, 3, -Infinity, -Infinity, 5, 5]],
  });
  const [y, index] = [runtime.tensor([1, 1, 1, 3]), runtime.tensor([1, 1, 1, 3], { type: "u32" })];
  maxPool2d(x, 2, y, index);
  expect([...y.data]).toEqual([Number.NaN, -Infinity, 5]);
  expect([...index.data]).toEqual([1, 2, 4]);
});

describe("what does not fit is refused before anything is written", () => {
  const [x, y, index] = [rt.tensor([1, 2, 4, 4]), rt.tensor([1, 2, 2, 2]), rt.tensor([1, 2, 2, 2], { type: "u32" })];
  y.data.fill(7);
  test.each([
    ["x: got [2, 4, 4], expected [batch, channels, height, width]", () => avgPool2d(rt.tensor([2, 4, 4]), 2, y)],
    ["kernel: got 0", () => avgPool2d(x, 0, y)],
    ["stride: got 0", () => maxPool2d(x, 2, y, index, { stride: 0 })],
    ["padding: got 2, expected windows that all reach into the plane", () => avgPool2d(x, 2, y, { padding: 2 })],
    ["padding: got 1", () => maxPool2d(rt.tensor([1, 2, 1, 4]), 2, y, index, { padding: 1, dilation: 2 })],
    ["expected room for a window", () => avgPool2d(x, 5, y)],
    ["y: got [1, 2, 2, 2], expected a f32 tensor of shape [1, 2, 3, 3]", () => avgPool2d(x, 2, y, { stride: 1 })],
    ["index: got", () => maxPool2d(x, 2, y, y as never)],
    ["maxPool2d.countIncludePad", () => maxPool2d(x, 2, y, index, { countIncludePad: true } as never)],
    ["avgPool2d.dilation", () => avgPool2d(x, 2, y, { dilation: 1 } as never)],
    ["countIncludePad: got 1", () => avgPool2d(x, 2, y, { countIncludePad: 1 as never })],
    ["ceilMode: got 1", () => maxPool2d(x, 2, y, index, { ceilMode: 1 as never })],
    [
      "dy: got [1, 3, 2, 2], expected batch 1 and 2 channels",
      () => maxPool2dBackward(rt.tensor([1, 3, 2, 2]), index, x),
    ],
    ["dy: got [1, 2, 4, 4]", () => avgPool2dBackward(rt.tensor([1, 2, 4, 4]), 2, x)],
  ])("%s", (message, call) => {
    expect(call).toThrow(message);
    expect(y.data.every((value) => value === 7)).toBe(true);
  });

  test("an index outside the plane is named", () => {
    const bad = rt.tensor([1, 2, 2, 2], { type: "u32", values: [0, 1, 2, 3, 4, 16, 6, 7] });
    expect(() => maxPool2dBackward(y, bad, x)).toThrow("index[0, 1, 0, 1]: got 16, expected a number below 16");
  });
});
