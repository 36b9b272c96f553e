import { describe, expect, test } from "vitest";
import { clipGradNorm, clipGradValue, clipGroupNorms, gradNorm } from "../../src/gradients/clip.ts";
import { AdamW } from "../../src/optim/adam.ts";
import { layOut } from "../../src/optim/define/layout.ts";
import { State } from "../../src/optim/define/state.ts";
import { SGD } from "../../src/optim/sgd.ts";
import type { Parameter, Parameters, Selection } from "../../src/tensor/parameters.ts";
import { normal, Random } from "../../src/tensor/random.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { goldenCases, numbers } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";

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

/** Gradients of three parameters, of every size; their p-norms to 60 digits, by mpmath 1.3.0. */
const GRADIENTS = { a: [3, -4, 0.5, 1e-3, 17.25, -2], b: [1e-5, 0.75, -1, 6, 2.5], c: [-0.125] };
const P_NORMS = [
  { p: 3, norm: 17.614355274476534 },
  { p: 4, norm: 17.331701811026278 },
  { p: 0.5, norm: 265.4186907538811 },
  { p: 0.3, norm: 5084.479868328537 },
  { p: 1.5, norm: 22.729827926276744 },
  { p: 2.5, norm: 18.074318660105863 },
  { p: 10, norm: 17.250045536893342 },
  { p: 100.5, norm: 17.25 },
  { p: 0.01, norm: 3.0901055439661765e107 },
  { p: -1, norm: 9.899613583905157e-6 },
  { p: -2, norm: 9.999499749270099e-6 },
  { p: -0.5, norm: 7.832499447514017e-6 },
];

/** What torch.linalg.vector_norm gives at the ends; of one parameter, the norm of its norm is its norm. */
const LIMITS = [
  { p: 3, values: [0, -7, 0], norm: 7 },
  { p: 200, values: [1e30, -1e30], norm: Math.fround(1e30) * 2 ** (1 / 200) },
  { p: -200, values: [1e-30, 1], norm: Math.fround(1e-30) },
  { p: 3, values: [0, 0], norm: 0 },
  { p: 3, values: [1, Infinity], norm: Infinity },
  { p: 3, values: [Infinity, Number.NaN], norm: Number.NaN },
  { p: 0.5, values: [9, 16], norm: 49 },
  { p: -1, values: [2, -2], norm: 1 },
  { p: -1, values: [2, 0], norm: 0 },
  { p: -1, values: [2, Infinity], norm: 2 },
  { p: -1, values: [Infinity, -Infinity], norm: Infinity },
  { p: -1, values: [0, Number.NaN], norm: Number.NaN },
  { p: -Infinity, values: [5, -3, 4], norm: 3 },
  { p: -Infinity, values: [5, Number.NaN], norm: Number.NaN },
  { p: Infinity, values: [5, Number.NaN], norm: Number.NaN },
];

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

  test.each(P_NORMS)("the $p-norm is within 1e-14 of 60 digits", ({ p, norm }) => {
    const params = runtime.parameters({ a: [2, 3], b: [5], c: [1] });
    for (const [name, values] of Object.entries(GRADIENTS)) params.get(name).grad.set(values);
    expect(Math.abs(gradNorm(params, { norm: p }) / norm - 1)).toBeLessThan(1e-14);
    expect(clipGradNorm(params, 1, { norm: p })).toBe(gradNorm(params, { norm: p }));
  });

  test.each(LIMITS)("the $p-norm of $values is $norm", ({ p, values, norm }) => {
    const params = runtime.parameters({ w: [values.length] });
    params.get("w").grad.set(values);
    expect(gradNorm(params, { norm: p })).toBe(norm);
  });

  test("over several chunks, any p-norm has one value on every backend", () => {
    const of = (rt: Runtime) => {
      const params = rt.parameters({ w: [5003], b: [7] });
      for (const { gradient, name } of params) normal(gradient, { seed: 3, name });
      return [0.5, 0.7, 3, 7.5, 64, -1, -2.5].map((norm) => gradNorm(params, { norm }));
    };
    expect(of(runtime)).toEqual(of(runtimes[0]!));
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
  expect(() => clipGradNorm(params, 1, { norm: Number.NaN })).toThrow(
    "norm: got NaN, expected a number in [-inf, inf]",
  );
  expect(() => clipGradNorm(params, 1, { norm: "inf" as never })).toThrow('norm: got "inf"');
  expect(() => clipGradNorm(params, 1, { norm_type: 3 } as never)).toThrow("options.norm_type");
  expect(() => clipGradNorm(params, 1, { errorIfNonFinite: 1 as never })).toThrow("errorIfNonFinite: got 1");
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
    bad(sgd.groups, 1, { norm: Number.NaN }).toThrow("norm: got NaN");
    bad([{ params: [a] }, { params: [a] }], 1).toThrow('groups: got "a", expected each parameter once');
    expect(sgd.step()).not.toHaveProperty("clips");
  });
});

describe("what waits for a step", () => {
  /** Eight neighbours that lie in one span, and the agenda of an optimizer over them or some of them. */
  const neighbours = () => {
    const params = runtimes[0]!.parameters(Object.fromEntries("abcdefgh".split("").map((name) => [name, [2]])));
    for (const { grad } of params) grad.set([3, 4]);
    return params;
  };
  const stateOf = (params: Selection) => new State(SGD.spec, layOut(SGD.spec, params, {}));
  const spans = (state: State<(typeof SGD.spec)["options"], "momentum_buffer">) =>
    state.agenda().stretches.map(({ span, scale }) => [span.n, scale.coefficient]);

  test("changes no stretch while the same parameters are clipped", () => {
    const params = neighbours();
    const state = stateOf(params);
    const sgd = new SGD(params);
    const agenda = state.agenda();
    for (const maxNorm of [1, 2, Infinity]) {
      clipGradNorm(params, maxNorm);
      expect(state.agenda()).toBe(agenda);
      expect(spans(state)).toEqual([[16, Math.min(maxNorm / (Math.sqrt(200) + 1e-6), 1)]]);
      sgd.step();
      expect(state.agenda()).toBe(agenda);
      expect(spans(state)).toEqual([[16, 1]]);
    }
    clipGradNorm(params, 1);
    params.get("c").frozen = true;
    expect(spans(state).map(([n]) => n)).toEqual([4, 10]);
  });

  test("joins neighbours that were clipped apart where their coefficients agree, and no others", () => {
    const params = neighbours();
    const state = stateOf(params);
    const [front, back] = [[...params].slice(0, 3), [...params].slice(3)];
    clipGradNorm(front, 1);
    expect(spans(state)).toEqual([
      [6, 1 / (Math.sqrt(75) + 1e-6)],
      [10, 1],
    ]);
    clipGradNorm(back, 100);
    expect(spans(state).map(([n]) => n)).toEqual([6, 10]);
    clipGradNorm(front, Infinity);
    expect(spans(state)).toEqual([[16, 1]]);
    const joined = state.agenda();
    clipGradNorm(back, 50);
    expect(state.agenda()).toBe(joined);
    clipGradNorm(back, 1);
    const apart = state.agenda();
    expect(spans(state).map(([n]) => n)).toEqual([6, 10]);
    clipGradNorm(back, 0.5);
    expect(state.agenda()).toBe(apart);
    params.zeroGrad();
    expect(spans(state)).toEqual([[16, 1]]);
  });

  test("waits for each of two optimizers over one collection, and after the first step changes no stretch of theirs", () => {
    const params = neighbours();
    const [front, back] = [[...params].slice(0, 3), [...params].slice(3)];
    const [first, second] = [new SGD(front, { lr: 1 }), new SGD(back, { lr: 1 })];
    const states = [stateOf(front), stateOf(back)];
    const step = () => {
      clipGradNorm(params, 1);
      expect(first.step().clip).toBeCloseTo(1 / Math.sqrt(200), 6);
      expect(front.map(({ clipping }) => clipping)).toEqual(front.map(() => undefined));
      expect(back.map(({ clipping }) => clipping?.gradNorm)).toEqual(back.map(() => Math.sqrt(200)));
      expect(first.step()).not.toHaveProperty("clip");
      expect(second.step().clip).toBeCloseTo(1 / Math.sqrt(200), 6);
      expect([...params].every(({ clipping }) => clipping === undefined)).toBe(true);
    };
    step();
    const agendas = states.map((state) => state.agenda());
    step();
    expect(states.map((state) => state.agenda())).toEqual(agendas);
    expect(states.every((state, i) => state.agenda() === agendas[i])).toBe(true);
  });

  test("is as if each parameter kept its own, whatever parts are clipped, stepped and forgotten", () => {
    const params = [...neighbours()];
    const { collection } = params[0]!;
    const stepped = params.slice(0, 5);
    const [optimizer, state] = [new SGD(stepped), stateOf(collection)];
    const random = new Random(5, "parts");
    const expected = new Map<Parameter, number>();
    for (let round = 0; round < 300; round++) {
      const action = random.below(8);
      if (action === 0) {
        collection.zeroGrad();
        expected.clear();
      } else if (action < 3) {
        optimizer.step();
        for (const parameter of stepped) expected.delete(parameter);
      } else {
        for (const { grad } of params) grad.set([3, 4]);
        const part = params.filter(() => random.uniform() < 0.6);
        const norm = clipGradNorm(part, 1);
        for (const parameter of part) expected.set(parameter, 1 / (norm + 1e-6));
      }
      const coefficients = params.map((parameter) => expected.get(parameter) ?? 1);
      expect(params.map(({ gradientScale }) => gradientScale.coefficient)).toEqual(coefficients);
      expect(spans(state).flatMap(([n, c]) => Array.from({ length: n! / 2 }, () => c))).toEqual(coefficients);
      const runs = coefficients.filter((c, i) => c !== coefficients[i - 1]);
      expect(spans(state).map(([, c]) => c)).toEqual(runs);
    }
  });

  test("10 000 clipped steps over 1000 parameters leave the JavaScript heap flat", () => {
    const collect = (globalThis as { gc?: () => void }).gc!;
    const params = runtimes[0]!.parameters(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`w${i}`, [4]])));
    for (const { grad } of params) grad.fill(1);
    const adamw = new AdamW(params);
    const heapAfter = (steps: number) => {
      for (let i = 0; i < steps; i++) {
        clipGradNorm(params, 1);
        adamw.step();
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    heapAfter(1000);
    const before = heapAfter(1);
    // One object kept for each step would be half a megabyte or more.
    expect(heapAfter(10_000) - before).toBeLessThan(256 * 1024);
  });
});

test("gradNorm measures without clipping", () => {
  const params = runtimes[0]!.parameters({ w: [2] });
  params.get("w").grad.set([3, -4]);
  expect([gradNorm(params), gradNorm(params, { norm: 1 }), gradNorm(params, { norm: Infinity })]).toEqual([5, 7, 4]);
  expect(new SGD(params).step()).not.toHaveProperty("gradNorm");
  expect(() => gradNorm(params, { norm: Number.NaN })).toThrow("norm: got NaN");
});

test("the 0-norm counts the parameters whose gradients are not all 0, as torch's norm of norms does", () => {
  const params = runtimes[0]!.parameters({ a: [3], b: [2], c: [2] });
  params.get("a").grad.set([0, 5, 7]);
  params.get("c").grad.set([0, -1]);
  expect(gradNorm(params, { norm: 0 })).toBe(2);
});

test.each([0, 0.5, 1, 2, 3, -1, Infinity, -Infinity])("of no parameters the %s-norm is 0", (norm) => {
  expect(gradNorm([], { norm })).toBe(0);
});

test("errorIfNonFinite names the element and clips nothing", () => {
  const params = runtimes[0]!.parameters({ a: [2], b: [2, 2] });
  const sgd = new SGD([{ params: [params.get("a")] }, { params: [params.get("b")] }], { lr: 1 });
  const refused = { errorIfNonFinite: true };
  params.get("a").grad.set([3, 4]);
  expect(clipGradNorm(params, 1, refused)).toBe(5);
  params.zeroGrad();
  params.get("b").grad[2] = Infinity;
  const expected = ': got "b[1, 0] = Infinity", expected gradients of a finite norm, since errorIfNonFinite is true';
  expect(() => clipGradNorm(params, 1, refused)).toThrow(`params${expected}`);
  expect(() => clipGroupNorms(sgd.groups, 1, refused)).toThrow(`groups[1].params${expected}`);
  expect(() => gradNorm(params, { ...refused, norm: 3 })).toThrow(`params${expected}`);
  expect([...params].map(({ clipping }) => clipping)).toEqual([undefined, undefined]);
  params.get("b").grad.fill(1e30);
  expect(() => gradNorm(params, { ...refused, norm: 1e-3 })).toThrow('params: got "a norm of Infinity"');
  expect(clipGradNorm(params, 1, { errorIfNonFinite: false })).toBeGreaterThan(1e30);
});
