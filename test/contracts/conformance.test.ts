/** What every optimizer promises, checked over the table of specs: no optimizer is named here. */
import { describe, expect, test } from "vitest";
import { readSync } from "../../src/checkpoint/byteSource.ts";
import type { Parts } from "../../src/checkpoint/format.ts";
import { readingCheckpoint } from "../../src/checkpoint/read.ts";
import { writeCheckpoint } from "../../src/checkpoint/write.ts";
import { clipGradNorm } from "../../src/gradients/clip.ts";
import type { Parameter, Parameters } from "../../src/tensor/parameters.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { EMA, SWA } from "../../src/training/average.ts";
import { Lookahead } from "../../src/training/lookahead.ts";
import { SAM } from "../../src/training/sam.ts";
import { SVRG } from "../../src/training/svrg.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";
import { type AnyOptimizer, accepts, optimizers, scalesByLr, type Variant, variants } from "../support/specs.ts";
import { swept } from "../support/sweep.ts";
import { run, setGradients, smallParameters } from "../support/training.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];

const parameters = (Optimizer: AnyOptimizer, runtime: Runtime = rt) => smallParameters(Optimizer, runtime);

/** Bits as a text: `expect` takes a hundred times as long over arrays of numbers. */
const hex = (array: ArrayBufferView) => {
  const { buffer, byteOffset, byteLength } = array instanceof Float32Array ? bitsOf(array) : array;
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString("hex");
};
const snapshot = (params: Parameters) => [...params].map(({ data }) => hex(data));
const gradientsOf = (params: Parameters) => [...params].map(({ grad }) => hex(grad));
/** A state dictionary with its arrays as bits. */
const stateOf = (optimizer: InstanceType<AnyOptimizer>): unknown =>
  JSON.parse(
    JSON.stringify(optimizer.stateDict(), (_, value) =>
      ArrayBuffer.isView(value) ? `${value.constructor.name} ${hex(value)}` : (value as unknown),
    ),
  );
const expectSameFile = (ours: object, theirs: object) => {
  const [a, b] = [ours, theirs].map((parts) => writeCheckpoint(parts as Parts).bytes());
  expect(Buffer.compare(a!, b!)).toBe(0);
};
const make = ({ Optimizer, options }: Variant, params: ConstructorParameters<Variant["Optimizer"]>[0], more = {}) =>
  new Optimizer(params, { ...options, ...more });

/** Holds that every number of the parameters and of the state is finite. */
function expectFinite(params: Parameters, optimizer: InstanceType<AnyOptimizer>): void {
  const slots = Object.values(optimizer.stateDict().state).flatMap((arrays) => Object.entries(arrays));
  const arrays = [...[...params].map(({ name, data }) => [name, data] as const), ...slots];
  expect(arrays.filter(([, array]) => !array.every(Number.isFinite)).map(([name]) => name)).toEqual([]);
}

/** Parameters, and what else a run consists of. */
interface Run {
  readonly model: Parameters;
  readonly optimizer: InstanceType<AnyOptimizer>;
}

function throughState(from: Run, to: Run): unknown {
  for (const { name, data } of from.model) to.model.get(name).data.set(data);
  return to.optimizer.loadStateDict(from.optimizer.stateDict());
}

function throughFile(from: object, to: object): unknown {
  const file = writeCheckpoint(from as Parts).bytes();
  return readSync(file, (size) => readingCheckpoint(size, to as Parts, {}));
}

/** Moments to save and load at: all of the first so many, or some. */
const moments = (of: number) => new Set(swept([...Array(of).keys()], [0, 1, 2, of - 1]));

describe.each(variants)("$title", (variant) => {
  test("200 steps give the same bits on every backend", () => {
    const ends = runtimes.map((runtime) => {
      const params = parameters(variant.Optimizer, runtime);
      const optimizer = make(variant, params);
      run(params, optimizer, 0, 200);
      expect([...params].every(({ data }) => data.every(Number.isFinite))).toBe(true);
      const state = Object.values(optimizer.stateDict().state).flatMap((slots) => Object.values(slots).map(hex));
      return { values: snapshot(params), state };
    });
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
  });

  test.each([
    ["a state dictionary", throughState],
    ["the bytes of a checkpoint", throughFile],
  ])("saved and loaded at any step of 20 through %s, it continues bit for bit", (_, through) => {
    const straight = parameters(variant.Optimizer);
    const optimizer = make(variant, straight);
    const saved = moments(20);
    for (let k = 0; k < 20; k++) {
      if (!saved.has(k)) {
        run(straight, optimizer, k, k + 1);
        continue;
      }
      const resumed = parameters(variant.Optimizer);
      const other = make(variant, resumed);
      const report = through({ model: straight, optimizer }, { model: resumed, optimizer: other });
      expect(report).toMatchObject({ missing: [], unexpected: [], misshapen: [], changed: [] });
      run(straight, optimizer, k, k + 1);
      run(resumed, other, k, k + 1);
      expect(snapshot(resumed)).toEqual(snapshot(straight));
      expect(stateOf(other)).toEqual(stateOf(optimizer));
      resumed.dispose();
      other.dispose();
    }
  });

  test("one group for each parameter gives the bits of one group for all", () => {
    const together = parameters(variant.Optimizer);
    run(together, make(variant, together), 0, 5);
    const apart = parameters(variant.Optimizer);
    run(
      apart,
      make(
        variant,
        [...apart].map((parameter) => ({ params: [parameter] })),
      ),
      0,
      5,
    );
    expect(snapshot(apart)).toEqual(snapshot(together));
  });
});

// What options hardly touch is tried on the defaults of every optimizer, and on every sixteenth variant.
const tried = swept(
  variants,
  variants.filter(({ options }, i) => Object.keys(options).length === 0 || i % 16 === 0),
);

describe.each(tried)("$title", (variant) => {
  test("steps a frozen parameter not at all and its neighbours as if it were absent", () => {
    const params = parameters(variant.Optimizer);
    const free = parameters(variant.Optimizer);
    params.get("u").frozen = true;
    const before = snapshot(params);
    run(params, make(variant, params), 0, 10);
    run(
      free,
      make(
        variant,
        free.where(({ name }) => name !== "u"),
      ),
      0,
      10,
    );
    const after = snapshot(params);
    expect(after[1]).toEqual(before[1]);
    expect(after).toEqual(snapshot(free));
    expect(after[0]).not.toEqual(before[0]);
  });

  test("with lr = 0 changes no bit of a parameter", () => {
    if (!scalesByLr(variant.Optimizer)) return;
    const params = parameters(variant.Optimizer);
    const before = snapshot(params);
    run(params, make(variant, params, { lr: 0 }), 0, 10);
    expect(snapshot(params)).toEqual(before);
  });

  test("a step at lr = 0 counts, so that a schedule that starts there goes on", () => {
    const { lr } = variant.Optimizer.spec.options;
    if (!lr) return;
    const usual = variant.options["lr"] ?? lr.default;
    const params = parameters(variant.Optimizer);
    const optimizer = make(variant, params, { lr: (step: number) => (step < 2 ? 0 : usual) });
    const before = snapshot(params);
    for (let t = 0; t < 8; t++) {
      setGradients(params, t);
      expect(optimizer.step()).toMatchObject({ step: t + 1, applied: true, lr: t < 2 ? 0 : usual });
    }
    expect(optimizer.steps).toBe(8);
    expect(snapshot(params)).not.toEqual(before);
  });

  test("leaves gradients alone", () => {
    const params = parameters(variant.Optimizer);
    setGradients(params, 0);
    const before = gradientsOf(params);
    make(variant, params).step();
    expect(gradientsOf(params)).toEqual(before);
  });

  test("with zero gradients stays finite and counts its steps", () => {
    const params = parameters(variant.Optimizer);
    const optimizer = make(variant, params);
    for (let t = 0; t < 5; t++) expect(optimizer.step()).toMatchObject({ step: t + 1, applied: true });
    expectFinite(params, optimizer);
  });

  test.each([1e-45, 1e-38, 1e-30, 4.6e18])("with gradients of %f stays finite, and goes on afterwards", (size) => {
    const params = parameters(variant.Optimizer);
    const optimizer = make(variant, params, { nonFinite: "skip" });
    for (let t = 0; t < 5; t++) {
      for (const { grad } of params) for (let i = 0; i < grad.length; i++) grad[i] = (t + i) % 3 === 0 ? -size : size;
      if (optimizer.spec.updateHessian && t % 2 === 0) expect(optimizer.updateHessian()).toBe(true);
      expect(optimizer.step()).toMatchObject({ step: t + 1, applied: true });
      expectFinite(params, optimizer);
    }
    for (const { data } of params) data.fill(0.5);
    run(params, optimizer, 5, 15);
    expectFinite(params, optimizer);
    // What remembers squares hardly moves after the largest.
    if (size < 1) expect([...params].some(({ data }) => data.some((x) => x !== 0.5))).toBe(true);
  });

  test.each([3e19, 1e38])("with a gradient of %f that is clipped takes the step", (value) => {
    const params = parameters(variant.Optimizer);
    const optimizer = make(variant, params, { nonFinite: "skip" });
    run(params, optimizer, 0, 3);
    setGradients(params, 3);
    params.get("b").grad[12] = value;
    clipGradNorm(params, 1);
    expect(optimizer.step()).toMatchObject({ step: 4, applied: true });
    run(params, optimizer, 4, 8);
    expectFinite(params, optimizer);
  });

  test.each([
    ...[Number.NaN, Infinity, -Infinity].map((value) => ({ value, what: "not finite" })),
    ...[3e19, -1e38].map((value) => ({ value: Math.fround(value), what: "too large to square" })),
  ])("with a gradient of $value skips the step where it is told to", ({ value, what }) => {
    const params = parameters(variant.Optimizer);
    const optimizer = make(variant, params, { nonFinite: "skip" });
    run(params, optimizer, 0, 3);
    const before = { values: snapshot(params), state: stateOf(optimizer) };
    setGradients(params, 3);
    params.get("b").grad[12] = value;
    const nonFinite = `b[${params.get("b").ndim === 1 ? "12" : "12, 0"}] = ${value}`;
    expect(optimizer.step()).toMatchObject({
      step: 3,
      applied: false,
      reason: `the gradient is ${what}: ${nonFinite}`,
      nonFinite,
    });
    expect({ values: snapshot(params), state: stateOf(optimizer) }).toEqual(before);
    run(params, optimizer, 3, 4);
    const undisturbed = parameters(variant.Optimizer);
    run(undisturbed, make(variant, undisturbed), 0, 4);
    expect(snapshot(params)).toEqual(snapshot(undisturbed));
    expectFinite(params, optimizer);
  });

  test("with a NaN gradient by default steps as torch does, and so do all backends alike", () => {
    const ends = runtimes.map((runtime) => {
      const params = parameters(variant.Optimizer, runtime);
      const optimizer = make(variant, params);
      run(params, optimizer, 0, 2);
      setGradients(params, 2);
      params.get("b").grad[12] = Number.NaN;
      return [optimizer.step(), snapshot(params)];
    });
    expect(ends[0]![0]).toMatchObject({ applied: true, step: 3 });
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[2]).toEqual(ends[0]);
  });

  test("parameters come back bit for bit from where it evaluates and where it looks ahead", async () => {
    const params = parameters(variant.Optimizer);
    const optimizer = make(variant, params);
    run(params, optimizer, 0, 3);
    const before = { values: snapshot(params), state: stateOf(optimizer) };
    const scribble = () => {
      for (const { data } of params) data.fill(Number.NaN);
    };
    const excursions = [
      ...(variant.Optimizer.spec.points ? [(fn: () => unknown) => optimizer.withEvalParams(fn)] : []),
      ...(variant.Optimizer.spec.lookahead ? [(fn: () => unknown) => optimizer.withLookahead(fn)] : []),
    ];
    for (const excursion of excursions) {
      excursion(scribble);
      expect({ values: snapshot(params), state: stateOf(optimizer) }).toEqual(before);
      await excursion(async () => scribble());
      expect({ values: snapshot(params), state: stateOf(optimizer) }).toEqual(before);
    }
  });

  test("bytes is what is allocated, known beforehand, and given back", () => {
    const params = parameters(variant.Optimizer);
    const used = rt.heap.used;
    const { Optimizer, options } = variant;
    const bytes = Optimizer.bytes(params, options);
    expect(rt.heap.used).toBe(used);
    const optimizer = make(variant, params);
    const arrays = Object.values(optimizer.stateDict().state).flatMap((slots) => Object.values(slots));
    expect(optimizer.bytes).toBe(bytes);
    expect(arrays.reduce((sum, array) => sum + array.byteLength, 0)).toBe(bytes);
    optimizer.dispose();
    expect(rt.heap.used).toBe(used);
  });

  test("a step allocates nothing in linear memory", () => {
    const params = parameters(variant.Optimizer);
    const optimizer = make(variant, params);
    run(params, optimizer, 0, 2);
    const { used, highWater } = rt.heap;
    run(params, optimizer, 2, 50);
    expect([rt.heap.used, rt.heap.highWater]).toEqual([used, highWater]);
  });
});

/** What holds state around an optimizer: what of it is saved, and how it steps at time t. */
type Wrapping = (
  params: Parameters,
  optimizer: InstanceType<AnyOptimizer>,
) => { parts: object; step(t: number): unknown };

const wrappings: Record<string, Wrapping> = {
  Lookahead(params, optimizer) {
    const lookahead = new Lookahead(optimizer, { k: 3 });
    const step = (t: number) => {
      setGradients(params, t);
      lookahead.step();
    };
    return { parts: { lookahead }, step };
  },
  SAM(params, optimizer) {
    const sam = new SAM(optimizer, { rho: 0.1 });
    return { parts: { optimizer }, step: (t) => sam.stepWith(() => setGradients(params, t)) };
  },
  EMA: (params, optimizer) => averaged(params, optimizer, new EMA(params, { decay: 0.9 })),
  SWA: (params, optimizer) => averaged(params, optimizer, new SWA(params)),
};

function averaged(params: Parameters, optimizer: InstanceType<AnyOptimizer>, average: EMA | SWA) {
  const step = (t: number) => {
    run(params, optimizer, t, t + 1);
    average.update();
  };
  return { parts: { optimizer, average }, step };
}

describe.each(optimizers.map((Optimizer) => ({ name: Optimizer.spec.name, Optimizer })))("$name", ({ Optimizer }) => {
  test.each(Object.entries(wrappings))("in %s, it continues bit for bit from the bytes of a checkpoint", (_, wrap) => {
    const start = () => {
      const model = parameters(Optimizer);
      const { parts, step } = wrap(model, new Optimizer(model));
      return { parts: { model, ...parts }, step };
    };
    const straight = start();
    const saved = moments(8);
    for (let k = 0; k < 8; k++) {
      if (!saved.has(k)) {
        straight.step(k);
        continue;
      }
      const resumed = start();
      throughFile(straight.parts, resumed.parts);
      straight.step(k);
      resumed.step(k);
      expectSameFile(resumed.parts, straight.parts);
    }
  });

  const { options } = Optimizer.spec;

  test("is named after its spec", () => {
    expect(Optimizer.name).toBe(Optimizer.spec.name);
  });

  test("has a trial value away from each default", () => {
    for (const [key, option] of Object.entries(options)) expect(option.trial, key).not.toEqual(option.default);
  });

  test("every option matters: alone or beside another, its trial value changes ten steps, at one point or the other", () => {
    const outcome = (given: object) => {
      const params = parameters(Optimizer);
      const optimizer = new Optimizer(params, given);
      run(params, optimizer, 0, 10);
      return JSON.stringify([snapshot(params), optimizer.withEvalParams(() => snapshot(params))]);
    };
    const trials = Object.entries(options).map(([key, { trial }]) => ({ [key]: trial }));
    for (const trial of trials) {
      const matters = [{}, ...trials.filter((other) => other !== trial)].some((base) => {
        const both = { ...base, ...trial };
        return accepts(Optimizer, base) && accepts(Optimizer, both) && outcome(both) !== outcome(base);
      });
      expect(matters, JSON.stringify(trial)).toBe(true);
    }
  });

  test("refuses what is not an option, and values out of range, before anything is allocated", () => {
    const params = parameters(Optimizer);
    const used = rt.heap.used;
    const bad = (given: object) => () => new Optimizer(params, given);
    expect(bad({ learningRate: 1 })).toThrow(expect.objectContaining({ code: "UNKNOWN_OPTION" }));
    for (const key of Object.keys(options)) {
      expect(bad({ [key]: Number.NaN }), key).toThrow(new RegExp(`^${key}.*: got NaN, expected `));
      expect(bad({ [key]: "0.1" }), key).toThrow(new RegExp(`^${key}.*: got "0.1", expected `));
      if (options[key]!.default === null) continue;
      expect(bad({ [key]: null }), key).toThrow(new RegExp(`^${key}.*: got null, expected `));
    }
    expect(bad({ nonFinite: "ignore" })).toThrow('nonFinite: got "ignore"');
    expect(rt.heap.used).toBe(used);
  });

  test("refuses groups that share, repeat or miss a parameter, or are empty, foreign or disposed", () => {
    const params = parameters(Optimizer);
    const [w, u, b, s] = ["w", "u", "b", "s"].map((name) => params.get(name)) as [
      Parameter,
      Parameter,
      Parameter,
      Parameter,
    ];
    const bad = (groups: unknown) => () => new Optimizer(groups as [], {});
    const code = (code: string) => expect.objectContaining({ code });
    expect(bad([{ params: [w, u] }, { params: [u, b, s] }])).toThrow(code("DUPLICATE_PARAMETER"));
    expect(bad([w, w])).toThrow(code("DUPLICATE_PARAMETER"));
    expect(bad([{ params: [w, u] }, { params: [b] }])).toThrow(
      'groups: parameter "s" is in no group; put it in one, or freeze it',
    );
    expect(bad([])).toThrow(/expected at least one parameter/);
    expect(bad([w, parameters(Optimizer, runtimes[1]).get("w")])).toThrow(code("FOREIGN_RUNTIME"));
    expect(bad("w")).toThrow('params: got "w", expected parameters');
    expect(bad([{ params: [w] }, { params: [u, b, s], learningRate: 1 }])).toThrow("groups[1].learningRate: got");
    s.frozen = true;
    expect(bad([{ params: [w, u] }, { params: [b] }, { params: [] }])).not.toThrow();
    params.dispose();
    expect(bad([w])).toThrow(code("DISPOSED"));
  });
});

test("SVRG continues bit for bit from the bytes of a checkpoint", () => {
  const sum = (params: Parameters) => ({
    samples: 6,
    gradient: (positions: readonly number[]) => {
      for (const { data, grad } of params) grad.set(data.map((x) => x * positions.reduce((total, i) => total + i, 0)));
    },
  });
  const start = () => {
    const model = rt.parameters({ w: [5] });
    model.get("w").data.fill(1);
    return { model, svrg: new SVRG(model, { lr: 0.01, outerUpdate: "random" }) };
  };
  const straight = start();
  for (let k = 0; k < 5; k++) {
    const resumed = start();
    throughFile(straight, resumed);
    for (const { model, svrg } of [straight, resumed]) svrg.epoch(sum(model));
    expectSameFile(resumed, straight);
  }
});
