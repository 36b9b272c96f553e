import { describe, expect, test } from "vitest";
import {
  gelu,
  relu,
  reluBackward,
  sigmoid,
  sigmoidBackward,
  silu,
  slopeBackward,
} from "../../../src/nn/functions/activation.ts";
import { softmax, softmaxBackward } from "../../../src/nn/functions/softmax.ts";
import type { View } from "../../../src/tensor/tensor.ts";
import { centralDifferences, drawn, expectSame, relativeError, weighted } from "../../support/differences.ts";
import { bitsOf, loadAll } from "../../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];
const U = 2 ** -24;

/** P(Z > a) for a standard normal Z and a >= 0: a series below 3, a continued fraction above. */
function normalAbove(a: number): number {
  const density = Math.exp(-(a * a) / 2) / Math.sqrt(2 * Math.PI);
  if (a < 3) {
    let [term, sum] = [a, a];
    for (let n = 1; n < 100; n++) sum += term *= (a * a) / (2 * n + 1);
    return 0.5 - density * sum;
  }
  let fraction = a;
  for (let n = 200; n > 0; n--) fraction = a + n / fraction;
  return density / fraction;
}

const sigmoid64 = (x: number) => 1 / (1 + Math.exp(-x));

interface Sloped {
  readonly name: string;
  readonly run: (x: View, y: View, slope: View) => void;
  readonly factor: (x: number) => number;
  /** Roundings of |x| that the value may be off by, and of the largest slope, which is about 1. */
  readonly bounds: readonly [number, number];
}

const sloped: Sloped[] = [
  {
    name: "gelu",
    run: gelu,
    factor: (x) => (x < 0 ? normalAbove(-x) : 1 - normalAbove(x)),
    bounds: [4, 8],
  },
  {
    name: "gelu with tanh",
    run: (x, y, slope) => gelu(x, y, slope, { approximate: "tanh" }),
    factor: (x) => sigmoid64(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)),
    bounds: [3, 12],
  },
  { name: "silu", run: silu, factor: sigmoid64, bounds: [3, 8] },
];

describe.each(sloped)("$name", ({ run, factor, bounds }) => {
  // Every place where the function bends, and far out.
  const xs = Float32Array.from({ length: 20001 }, (_, i) => (i - 10000) / 800);
  const tensors = () =>
    [rt.tensor([xs.length], { values: xs }), rt.tensor([xs.length]), rt.tensor([xs.length])] as const;

  test(`is within ${bounds[0]} roundings of its argument, and its slope within ${bounds[1]} of 1`, () => {
    const [x, y, slope] = tensors();
    run(x, y, slope);
    let [worst, worstSlope] = [0, 0];
    xs.forEach((x, i) => {
      const f = (x: number) => x * factor(x);
      const h = 1e-5;
      worst = Math.max(worst, Math.abs(y.data[i]! - f(x)) / Math.abs(x || 1));
      worstSlope = Math.max(worstSlope, Math.abs(slope.data[i]! - (f(x + h) - f(x - h)) / (2 * h)));
    });
    console.log(worst / U, worstSlope / U);
    expect(worst).toBeLessThanOrEqual(bounds[0] * U);
    expect(worstSlope).toBeLessThanOrEqual(bounds[1] * U);
  });

  test("is 0 or its argument far out, with slopes of 0 and 1, and keeps NaN", () => {
    const x = rt.tensor([7], { values: [1e4, 1e30, Infinity, -1e4, -1e30, Number.NaN, 0] });
    const [y, slope] = [rt.tensor([7]), rt.tensor([7])];
    run(x, y, slope);
    expect(Array.from(y.data, (v) => v + 0)).toEqual([
      Math.fround(1e4),
      Math.fround(1e30),
      Infinity,
      0,
      0,
      Number.NaN,
      0,
    ]);
    expect(Array.from(slope.data, (v) => v + 0).slice(0, 6)).toEqual([1, 1, 1, 0, 0, Number.NaN]);
    expect(slope.data[6]).toBeCloseTo(0.5, 7);
  });

  test("either output may be the input", () => {
    const [x, y, slope] = tensors();
    run(x, y, slope);
    const [a, b] = [rt.tensor([xs.length], { values: xs }), rt.tensor([xs.length])];
    run(a, a, b);
    expectSame(a.data, y.data);
    a.data.set(xs);
    run(a, b, a);
    expectSame(b.data, y.data);
    expectSame(a.data, slope.data);
    expect(() => run(x, y, y)).toThrow('slope: got "the same memory as y", expected memory apart from y');
  });

  test("backward multiplies by the slope", () => {
    const [x, y, slope] = tensors();
    run(x, y, slope);
    const dy = drawn(rt, [xs.length], "dy");
    const expected = dy.data.map((g, i) => g * slope.data[i]!);
    slopeBackward(slope, dy, dy);
    expectSame(dy.data, expected);
  });
});

test.each([
  ["relu", relu, reluBackward, (x: number) => Math.max(x, 0), 0],
  ["sigmoid", sigmoid, sigmoidBackward, sigmoid64, 3 * U],
] as const)("%s and its gradient agree with float64", (_, forward, backward, truth, bound) => {
  const x = drawn(rt, [500], "x");
  const [y, dy, dx] = [rt.tensor([500]), drawn(rt, [500], "dy"), rt.tensor([500])];
  forward(x, y);
  backward(y, dy, dx);
  expect(relativeError(y.data, Array.from(x.data, truth))).toBeLessThanOrEqual(bound);
  const objective = (v: number[]) => weighted(v.map(truth), dy.data);
  expect(relativeError(dx.data, centralDifferences(x.data, objective))).toBeLessThan(1e-6);
  const far = rt.tensor([5], { values: [1e4, Infinity, -1e4, -Infinity, Number.NaN] });
  forward(far, far);
  const [low, high] = [truth(-1e4), truth(1e4)];
  expect([...far.data]).toEqual([high, truth(Infinity), low, low, Number.NaN]);
});

test("relu passes the gradient on where its output is NaN", () => {
  const [y, dy] = [rt.tensor([3], { values: [0, Number.NaN, 2] }), rt.tensor([3], { values: [5, 6, 7] })];
  reluBackward(y, dy, dy);
  expect([...dy.data]).toEqual([0, 6, 7]);
});

describe("softmax", () => {
  const [rows, columns] = [9, 13];
  const softmax64 = (z: ArrayLike<number>) =>
    Array.from(z, (value, at) => {
      const row = Array.from({ length: columns }, (_, j) => z[Math.floor(at / columns) * columns + j]!);
      const most = Math.max(...row);
      return Math.exp(value - most) / row.reduce((sum, x) => sum + Math.exp(x - most), 0);
    });

  test("and its gradient agree with float64, over the last of three axes", () => {
    const shape = [3, 3, columns];
    const [x, dy, y] = [drawn(rt, shape, "z"), drawn(rt, shape, "dz"), rt.tensor(shape)];
    softmax(x, y);
    expect(relativeError(y.data, softmax64(x.data))).toBeLessThan(4 * U);
    const objective = (z: number[]) => weighted(softmax64(z), dy.data);
    const truth = centralDifferences(x.data, objective);
    softmaxBackward(y, dy, dy);
    expect(relativeError(dy.data, truth)).toBeLessThan(1e-6);
  });

  test("is stable for 1e4, keeps NaN to its row, and may overwrite", () => {
    const x = rt.tensor([rows, columns]);
    x.data.fill(-1e4);
    x.data[3] = 1e4;
    x.data[columns] = Number.NaN;
    softmax(x, x);
    expect([...x.data.subarray(0, columns)]).toEqual(Array.from({ length: columns }, (_, j) => Number(j === 3)));
    expect(x.data.subarray(columns, 2 * columns).every(Number.isNaN)).toBe(true);
    expect(x.data[2 * columns]).toBeCloseTo(1 / columns, 7);
  });
});

test("all backends agree to the bit", () => {
  const results = runtimes.map((runtime) => {
    const [x, y, slope] = [drawn(runtime, [8, 77], "all"), runtime.tensor([8, 77]), runtime.tensor([8, 77])];
    gelu(x, y, slope);
    softmax(slope, slope);
    return [...bitsOf(y.data), ...bitsOf(slope.data)];
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test("bad arguments are named, and nothing is written", () => {
  const [x, y] = [rt.tensor([3]), rt.tensor([4], { values: [1, 2, 3, 4] })];
  expect(() => relu(x, y)).toThrow("x: got [3], expected a f32 tensor of shape [4]");
  expect(() => softmaxBackward(x, y, y)).toThrow("y: got [3]");
  expect(() => gelu(y, y, x)).toThrow("slope: got [3]");
  expect(() => gelu(x, x, y, { approximate: "erf" as "none" })).toThrow(
    'approximate: got "erf", expected one of "none", "tanh"',
  );
  expect(() => gelu(x, x, y, { exact: true } as object)).toThrow("gelu.exact");
  expect([...y.data]).toEqual([1, 2, 3, 4]);
});
