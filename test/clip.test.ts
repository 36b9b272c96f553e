import { describe, expect, test } from "vitest";
import { clipGradNorm, clipGradValue, clipGroupNorms, gradNorm } from "../src/clip.ts";
import { SGD } from "../src/optim/sgd.ts";
import type { Parameters } from "../src/parameters.ts";
import type { Runtime } from "../src/runtime.ts";
import { goldenCases, numbers } from "./support/golden.ts";
import { loadAll } from "./support/runtimes.ts";

type Values = readonly (number | string)[];
interface ClipCase {
  name: string;
  config: { fn: string; max_norm: number; norm_type: number | "Infinity"; clip_value: number };
  shapes: number[][];
  grads: Values[];
  total_norm: number | string;
  clipped: Values[];
}

const runtimes = await loadAll();
const cases = goldenCases<ClipCase>("clip/clip");
const norms = cases.filter(({ config }) => config.fn === "clip_grad_norm");
const limits = cases.filter(({ config }) => config.fn === "clip_grad_value");

function parametersOf(runtime: Runtime, golden: ClipCase): Parameters {
  const params = runtime.parameters(Object.fromEntries(golden.shapes.map((shape, i) => [`p${i}`, shape])));
  for (const [i, grad] of golden.grads.entries()) params.get(`p${i}`).grad.set(numbers(grad));
  return params;
}

/** Relative to the largest element, or absolute where all are 0. */
function expectClose(ours: ArrayLike<number>, truth: number[], tolerance: number, where: string): void {
  const largest = Math.max(...truth.map(Math.abs));
  truth.forEach((value, i) => {
    expect(Math.abs(ours[i]! - value), `${where}[${i}]`).toBeLessThanOrEqual(tolerance * largest);
  });
}

test("the cases are there", () => {
  expect([norms.length, limits.length]).toEqual([24, 4]);
});

describe.each(runtimes)("on $backend", (runtime) => {
  test.each(norms)("clipGradNorm, norm within 1e-12 of torch's float64 and gradients within 1e-6: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const norm = clipGradNorm(params, golden.config.max_norm, { norm: Number(golden.config.norm_type) });
    const truth = Number(golden.total_norm);
    expect(Math.abs(norm - truth)).toBeLessThanOrEqual(1e-12 * truth);
    // The clipped gradient is seen through plain SGD from 0 with lr 1: p = -g.
    const report = new SGD(params, { lr: 1 }).step();
    expect(report).toMatchObject({ applied: true, gradNorm: norm, clip: params.size > 0 ? expect.any(Number) : 1 });
    golden.clipped.forEach((clipped, i) => {
      expectClose(
        params.get(`p${i}`).data.map((x) => -x),
        numbers(clipped),
        1e-6,
        `p${i}`,
      );
    });
  });

  test.each(limits)("clipGradValue: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    clipGradValue(params, golden.config.clip_value);
    for (const [i, clipped] of golden.clipped.entries()) {
      expect([...params.get(`p${i}`).grad]).toEqual(numbers(clipped).map(Math.fround));
    }
  });

  test("the coefficient serves one step and leaves the gradients alone", () => {
    const params = runtime.parameters({ w: [2] });
    const sgd = new SGD(params, { lr: 1 });
    params.get("w").grad.set([3, 4]);
    expect(clipGradNorm(params, 1)).toBe(5);
    expect(sgd.step().clip).toBeCloseTo(0.2, 6);
    expect([...params.get("w").grad]).toEqual([3, 4]);
    expect(sgd.step()).not.toHaveProperty("clip");
    expect(params.get("w").data[0]).toBeCloseTo(-0.6 - 3, 5);
  });

  test("zeroGrad forgets a pending coefficient", () => {
    const params = runtime.parameters({ w: [1] });
    params.get("w").grad.set([10]);
    clipGradNorm(params, 1);
    params.zeroGrad();
    params.get("w").grad.set([10]);
    const sgd = new SGD(params, { lr: 1 });
    expect(sgd.step()).not.toHaveProperty("clip");
    expect(params.get("w").data[0]).toBe(-10);
  });

  test("parts of a collection may be clipped apart", () => {
    const params = runtime.parameters({ a: [1], b: [1], c: [1] });
    for (const parameter of params) parameter.grad.set([10]);
    clipGradNorm([params.get("a"), params.get("c")], 1);
    new SGD(params, { lr: 1 }).step();
    const [a, b, c] = [...params].map(({ data }) => data[0]!);
    expect([a, c]).toEqual([expect.closeTo(-Math.SQRT1_2, 6), expect.closeTo(-Math.SQRT1_2, 6)]);
    expect(b).toBe(-10);
  });

  test("gradients of 1e30 have a finite norm", () => {
    const params = runtime.parameters({ w: [4] });
    params.get("w").grad.fill(1e30);
    expect(clipGradNorm(params, 1) / 2e30).toBeCloseTo(1, 6);
  });
});

test("arguments are checked", () => {
  const params = runtimes[0]!.parameters({ w: [1] });
  expect(() => clipGradNorm(params, -1)).toThrow("maxNorm: got -1, expected a number in [0, inf]");
  expect(() => clipGradNorm(params, 1, { norm: 3 })).toThrow("norm: got 3, expected 1, 2 or Infinity");
  expect(() => clipGradNorm([params.get("w"), params.get("w")], 1)).toThrow(
    'params: got "w", expected each parameter once',
  );
  expect(() => clipGradValue(params, Number.NaN)).toThrow("limit: got NaN");
});

test("the report tells of clipping whichever parameters were clipped", () => {
  const params = runtimes[0]!.parameters({ a: [1], b: [1] });
  for (const { grad } of params) grad[0] = 10;
  clipGradNorm([params.get("b")], 1);
  expect(new SGD(params).step()).toMatchObject({ gradNorm: 10, clip: expect.closeTo(0.1, 6) });
});

describe("groups", () => {
  const grouped = () => {
    const params = runtimes[0]!.parameters({ a: [2], b: [1], c: [1] });
    params.get("a").grad.set([3, 4]);
    params.get("b").grad.set([10]);
    params.get("c").grad.set([0.5]);
    const sgd = new SGD([{ params: [params.get("a"), params.get("c")] }, { params: [params.get("b")] }], { lr: 1 });
    return { params, sgd };
  };
  const values = (params: Parameters) => [...params].map(({ data }) => data[0]);

  test("are clipped by themselves, and the report tells of each", () => {
    const { params, sgd } = grouped();
    const norm = Math.sqrt(25.25);
    expect(clipGroupNorms(sgd.groups, 1)).toEqual([norm, 10]);
    const report = sgd.step();
    expect(report.clips).toEqual([
      { gradNorm: norm, coefficient: 1 / (norm + 1e-6), params: ["a", "c"] },
      { gradNorm: 10, coefficient: 1 / (10 + 1e-6), params: ["b"] },
    ]);
    expect(report).not.toHaveProperty("gradNorm");
    expect(report).not.toHaveProperty("clip");
    expect(values(params)).toEqual([-3 / norm, -1, -0.5 / norm].map((x) => expect.closeTo(x, 5)));
    expect(sgd.step()).not.toHaveProperty("clips");
  });

  test("may have limits and a norm of their own", () => {
    const { params, sgd } = grouped();
    expect(clipGroupNorms(sgd.groups, [Infinity, 5], { norm: Infinity })).toEqual([4, 10]);
    expect(sgd.step().clips?.map(({ coefficient }) => coefficient)).toEqual([1, 5 / (10 + 1e-6)]);
    expect(values(params)).toEqual([-3, expect.closeTo(-5, 5), -0.5]);
  });

  test("arguments are checked before anything is clipped", () => {
    const { params, sgd } = grouped();
    const [a] = params;
    const bad = (groups: unknown, maxNorm: unknown, options = {}) =>
      expect(() => clipGroupNorms(groups as [], maxNorm as number, options));
    bad(params, 1).toThrow("groups: got an object of Parameters");
    bad([null], 1).toThrow("groups: got [null]");
    bad(sgd.groups, [1]).toThrow("maxNorm: got [1], expected a number, or a list of 2, one for each group");
    bad(sgd.groups, [1, -1]).toThrow("maxNorm[1]: got -1");
    bad(sgd.groups, 1, { norm: 3 }).toThrow("norm: got 3");
    bad([{ params: [a] }, { params: [a] }], 1).toThrow('groups: got "a", expected each parameter once');
    expect(sgd.step()).not.toHaveProperty("clips");
  });
});

test("gradNorm measures without clipping", () => {
  const params = runtimes[0]!.parameters({ w: [2] });
  params.get("w").grad.set([3, -4]);
  expect([gradNorm(params), gradNorm(params, { norm: 1 }), gradNorm(params, { norm: Infinity })]).toEqual([5, 7, 4]);
  expect(new SGD(params).step()).not.toHaveProperty("gradNorm");
  expect(() => gradNorm(params, { norm: 0 })).toThrow("norm: got 0, expected 1, 2 or Infinity");
});
