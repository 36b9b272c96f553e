import { describe, expect, test } from "vitest";
import { Prodigy, ProdigyDA, ProdigyGD } from "../../src/optim/prodigy.ts";
import * as schedules from "../../src/schedules/index.ts";
import { Random } from "../../src/tensor/random.ts";
import { expectFaithful, goldenCases, type OptimizerCase } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";
import { camelCase, expectState, followTrajectory, parametersOf } from "../support/trajectory.ts";

interface ProdigyCase extends OptimizerCase {
  readonly d: readonly number[];
}

const runtimes = await loadAll();

describe.each(runtimes)("Prodigy on $backend", (runtime) => {
  test.each(goldenCases<ProdigyCase>("optim/prodigy"))("follows the authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const optimizer = new Prodigy(params, camelCase(golden.config));
    followTrajectory(golden, params, optimizer, expectFaithful, (step) => {
      const expected = golden.d[step - 1]!;
      const { d, k } = optimizer.groups[0]!;
      expect(k).toBe(step);
      // The numerator <g, x0 - p> cancels while p is near x0: the authors' float32 is off by up to 5e-4 itself.
      expect(Math.abs(d - expected), `d at step ${step}`).toBeLessThanOrEqual(1e-3 * expected);
    });
    // p0 is a single 0 there for a parameter that starts as zeros. r, s and the moments all follow d.
    expectState(golden, optimizer.stateDict(), 1e-2);
  });
});

const [rt] = runtimes;

function twoParameters() {
  const params = rt!.parameters({ w: [40], v: [3] });
  for (const { data, grad } of params) {
    data.fill(0.5);
    grad.fill(1);
  }
  return params;
}

/** What steps with these learning rates leave; at lr 0 with gradients that nobody is to learn from. */
function after(rates: readonly number[], options: ConstructorParameters<typeof Prodigy>[1]) {
  const params = twoParameters();
  const optimizer = new Prodigy(params, { d0: 1e-3, ...options, lr: (step) => rates[step] ?? 0 });
  let t = 0;
  for (const lr of rates) {
    for (const { grad } of params) for (let i = 0; i < grad.length; i++) grad[i] = lr === 0 ? 7 : Math.cos(t + i);
    if (lr !== 0) t++;
    expect(optimizer.step()).toMatchObject({ applied: true });
  }
  expect(optimizer.steps).toBe(rates.length);
  const { k, d, d_max, d_numerator, d_denom } = optimizer.groups[0]!;
  const { state } = optimizer.stateDict();
  return { k, numbers: { d, d_max, d_numerator, d_denom }, state, values: [...params].map(({ data }) => [...data]) };
}

test.each([{}, { useBiasCorrection: true, weightDecay: 0.1, beta3: 0.9 }])(
  "steps at lr 0 change nothing, as in the authors' code, but count: %o",
  (options) => {
    const without = after([1, 0.5, 1, 1], options);
    expect(without.k).toBe(4);
    expect(after([0, 0, 1, 0.5, 0, 1, 1, 0], options)).toEqual(without);
  },
);

test("a warm-up from 0 ends as if it had begun at its second step", () => {
  const ends = [
    { lr: schedules.warmup(schedules.constant(1), 10, { convention: "t/w" }), steps: 31 },
    { lr: (step: number) => Math.min((step + 1) / 10, 1), steps: 30 },
  ].map(({ lr, steps }) => {
    const params = twoParameters();
    const optimizer = new Prodigy(params, { lr, safeguardWarmup: true, useBiasCorrection: true });
    for (let t = 0; t < steps; t++) optimizer.step();
    expect(optimizer.steps).toBe(steps);
    expect(optimizer.groups[0]!.k).toBe(30);
    return [...params].map(({ data }) => [...data]);
  });
  expect(ends[0]).toEqual(ends[1]);
  expect(ends[0]![0]![0]).toBeLessThan(0.5);
});

test("waits for a gradient that is not 0, and goes on in its schedules meanwhile", () => {
  const params = twoParameters();
  const optimizer = new Prodigy(params, { d0: 1e-3, eps: 0, weightDecay: 0.1 });
  params.zeroGrad();
  expect(optimizer.step()).toMatchObject({ step: 1, applied: true });
  expect(optimizer.groups[0]).toMatchObject({ k: 0, d: 0, dlr: 0 });
  expect([...params.get("w").data]).toEqual(Array(40).fill(0.5));
  params.get("v").grad[2] = 1;
  optimizer.step();
  expect(optimizer.groups[0]).toMatchObject({ k: 1, d: 1e-3 });
  // A penalty that is scheduled to come later comes.
  const late = twoParameters();
  late.zeroGrad();
  const penalised = new Prodigy(late, { decouple: false, weightDecay: (step) => (step < 2 ? 0 : 0.1) });
  for (let t = 0; t < 3; t++) penalised.step();
  expect(penalised.groups[0]!.k).toBe(1);
  expect(late.get("w").data[0]).toBeLessThan(0.5);
});

test("a group with lr 0 stays put and has no say in d", () => {
  const params = twoParameters();
  const [w, v] = [params.get("w"), params.get("v")];
  const optimizer = new Prodigy([{ params: [w] }, { params: [v], lr: 0 }], { d0: 1e-3, weightDecay: 0.1 });
  v.grad.fill(Number.NaN);
  for (let i = 0; i < 5; i++) optimizer.step();
  expect([...v.data]).toEqual([0.5, 0.5, 0.5]);
  const alone = twoParameters();
  const lone = new Prodigy([alone.get("w")], { d0: 1e-3, weightDecay: 0.1 });
  for (let i = 0; i < 5; i++) lone.step();
  expect(w.data).toEqual(alone.get("w").data);
  expect(optimizer.groups[1]!.d).toBe(lone.groups[0]!.d);
  expect(lone.groups[0]!.d).toBeGreaterThan(1e-3);
});

test("refuses groups with different learning rates before anything is written", () => {
  const params = twoParameters();
  const groups = [{ params: [params.get("w")] }, { params: [params.get("v")], lr: 0.5 }];
  const optimizer = new Prodigy(groups);
  const before = optimizer.stateDict();
  expect(() => optimizer.step()).toThrow("lr: got 0.5, expected 1 as in the other groups, or 0");
  expect(optimizer.stateDict()).toEqual(before);
});

test("sliceP keeps x0 and s for every so many elements only", () => {
  const params = twoParameters();
  expect(Prodigy.bytes(params)).toBe(4 * 4 * 43);
  expect(Prodigy.bytes(params, { sliceP: 7 })).toBe(4 * (2 * 43 + 2 * (6 + 1)));
});

/** Both textbook forms in float64, one step at a time, as the paper writes them: d is brought up to date at the end. */
const textbook = {
  ProdigyGD(x0: readonly number[], d0: number, G: number) {
    const x = [...x0];
    let d = d0;
    let squares = 0;
    let numerator = 0;
    return (g: readonly number[]) => {
      const used = d;
      squares += d ** 2 * inner(g, g);
      const eta = d ** 2 / Math.sqrt(d ** 2 * G ** 2 + squares);
      numerator += eta * inner(g, minus(x0, x));
      for (const [i, slope] of g.entries()) x[i]! -= eta * slope;
      const moved = minus(x, x0);
      d = Math.max(d, numerator / Math.sqrt(inner(moved, moved)));
      return { x, d: used };
    };
  },
  ProdigyDA(x0: readonly number[], d0: number, G: number) {
    const s = x0.map(() => 0);
    let x = [...x0];
    let d = d0;
    let squares = 0;
    let numerator = 0;
    return (g: readonly number[]) => {
      for (const [i, slope] of g.entries()) s[i]! += d ** 2 * slope;
      numerator += d ** 2 * inner(g, minus(x0, x));
      squares += d ** 2 * inner(g, g);
      d = Math.max(d, numerator / Math.sqrt(inner(s, s)));
      const gamma = 1 / Math.sqrt(d ** 2 * G ** 2 + squares);
      x = x0.map((start, i) => start - gamma * s[i]!);
      return { x, d };
    };
  },
};

function inner(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0);
}

function minus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((x, i) => x - b[i]!);
}

describe.each([ProdigyGD, ProdigyDA])("$name", (Optimizer) => {
  const name = Optimizer.name as keyof typeof textbook;

  test.each(runtimes)("follows the paper in float64 on $backend, every option away from its default", (runtime) => {
    const params = runtime.parameters({ w: [3, 500], b: [7] });
    const random = new Random(5, "textbook");
    const draw = () => Math.fround(2 * random.uniform() - 1);
    for (const { data } of params) for (let i = 0; i < data.length; i++) data[i] = draw();
    const x0 = [...params].flatMap(({ data }) => [...data]);
    const target = x0.map(() => 3 * draw());
    const options = { d0: 0.05, gradientBound: 2, maximize: true };
    const optimizer = new Optimizer(params, options);
    const follow = textbook[name](x0, options.d0, options.gradientBound);
    let x: readonly number[] = x0;
    for (let t = 1; t <= 40; t++) {
      const g = x.map((value, i) => Math.fround((1 + (i % 5)) * (value - target[i]!) + 0.3 * draw()));
      params.get("w").grad.set(g.slice(0, 1500).map((slope) => -slope));
      params.get("b").grad.set(g.slice(1500).map((slope) => -slope));
      optimizer.step();
      const truth = follow(g);
      x = truth.x;
      // Each step rounds x to 2^-24 of about 1. That is 1e-5 of an element of the early x0 - x, and averages out in d.
      const where = `step ${t}`;
      const { d } = optimizer.groups[0]!;
      expect(Math.abs(d - truth.d), `d, ${where}`).toBeLessThanOrEqual(1e-5 * truth.d);
      const ours = [...params].flatMap(({ data }) => [...data]);
      const moved = Math.max(...minus(x as number[], x0).map(Math.abs));
      const error = Math.max(...minus(ours, x as number[]).map(Math.abs));
      expect(error, where).toBeLessThanOrEqual(1e-5 * moved + t * 2 ** -24);
    }
    expect(optimizer.groups[0]!.d).toBeGreaterThan(10 * options.d0);
  });

  test("waits for a gradient that is not 0", () => {
    const params = twoParameters();
    const optimizer = new Optimizer(params);
    params.zeroGrad();
    expect(optimizer.step()).toMatchObject({ step: 1, applied: true });
    expect(optimizer.groups[0]).toMatchObject({ d: 1e-6, squares: 0 });
    expect([...params.get("w").data]).toEqual(Array(40).fill(0.5));
    params.get("v").grad[2] = 1;
    optimizer.step();
    expect(params.get("v").data[2]).toBeLessThan(0.5);
  });

  test.each([1e-36, 1e-20, 1e10, 1e18])("moves alike for gradients times %f", (factor) => {
    const ends = [1, factor].map((factor) => {
      const params = twoParameters();
      const optimizer = new Optimizer(params, { d0: 1e-2 });
      for (let t = 0; t < 10; t++) {
        for (const { grad } of params) for (let j = 0; j < grad.length; j++) grad[j] = factor * (1 + Math.cos(t + j));
        optimizer.step();
      }
      return [...params].flatMap(({ data }) => [...data]);
    });
    for (const [i, x] of ends[0]!.entries()) expect(Math.abs(ends[1]![i]! - x)).toBeLessThanOrEqual(1e-6);
    expect(ends[0]![0]).toBeLessThan(0.498);
  });
});

test.each([
  { Optimizer: Prodigy, within: 1e-2 },
  { Optimizer: ProdigyGD, within: 1e-5 },
  { Optimizer: ProdigyDA, within: 1e-5 },
])("$Optimizer.name minimises a quadratic without tuning, and d stays below |x* - x0|", ({ Optimizer, within }) => {
  const params = rt!.parameters({ x: [20] });
  const { data, grad } = params.get("x");
  const optimizer = new Optimizer(params);
  for (let t = 0; t < 2000; t++) {
    for (let i = 0; i < data.length; i++) grad[i] = (1 + i) * (data[i]! - 3);
    optimizer.step();
  }
  expect(Math.max(...data.map((x) => Math.abs(x - 3)))).toBeLessThan(within);
  expect(optimizer.groups[0]!.d).toBeGreaterThan(0.3);
  expect(optimizer.groups[0]!.d).toBeLessThan(3 * Math.sqrt(20));
});
