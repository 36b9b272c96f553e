/** Parameters that come up one by one give the bits of an optimizer that had them all, frozen, from the start. */
import { describe, expect, test } from "vitest";
import { GrowingOptimizer } from "../../src/adapters/growingOptimizer.ts";
import { fromNamedArrays, toNamedArrays } from "../../src/adapters/namedArrays.ts";
import { Adam, AdamW, ScheduleFreeAdamW, SGD } from "../../src/optim/index.ts";
import { Random } from "../../src/tensor/random.ts";
import { load, type Runtime } from "../../src/tensor/runtime.ts";
import { expectSame } from "../support/differences.ts";
import { loadAll } from "../support/runtimes.ts";
import { type AnyOptimizer, optimizers, type Variant, variants } from "../support/specs.ts";

const runtimes = await loadAll();
const rt = runtimes[0]!;

/** Names in the order in which they come up: one looks like an index, which objects put first. */
const arrivals: readonly (readonly string[])[] = [["w"], ["w", "10"], ["10", "2"], ["w", "10", "2"], ["w"], ["2", "w"]];

/** Shapes that every optimizer takes. */
function shapesFor({ spec: { shapes } }: AnyOptimizer): ReadonlyMap<string, readonly number[]> {
  const vector = shapes?.takes([6]) === false ? [6, 1] : [6];
  return new Map([
    ["w", [5, 7]],
    ["10", vector],
    ["2", [3, 4]],
  ]);
}

function fill(target: Float32Array, name: string): void {
  const random = new Random(1, name);
  for (let i = 0; i < target.length; i++) target[i] = random.uniform() - 0.5;
}

/** Steps `from` to `to` of the arrivals. */
function steps(
  growing: GrowingOptimizer<never, string, string>,
  shapes: ReturnType<typeof shapesFor>,
  from = 0,
  to = 6,
) {
  for (const [i, names] of arrivals.slice(from, to).entries()) {
    const before = new Set(growing.shapes.keys());
    growing.grow(new Map(names.map((name) => [name, shapes.get(name)!])));
    for (const name of names) {
      if (!before.has(name)) fill(growing.get(name).data, name);
      fill(growing.get(name).grad, `${name} ${from + i}`);
    }
    growing.step(new Set(names));
  }
}

const make = (runtime: Runtime, { Optimizer, options }: Pick<Variant, "Optimizer" | "options">) =>
  new GrowingOptimizer(runtime, Optimizer, options as never) as unknown as GrowingOptimizer<never, string, string>;

describe.each(runtimes.map((runtime) => [runtime.backend, runtime] as const))("%s", (_, runtime) => {
  test.each(variants)("$title grows to the same bits", (variant) => {
    const shapes = shapesFor(variant.Optimizer);
    const growing = make(runtime, variant);
    steps(growing, shapes);

    const params = runtime.parameters(Object.fromEntries(shapes));
    for (const { name, data } of params) fill(data, name);
    const optimizer = new variant.Optimizer(params, variant.options);
    for (const [i, names] of arrivals.entries()) {
      for (const parameter of params) {
        parameter.frozen = !names.includes(parameter.name);
        fill(parameter.grad, `${parameter.name} ${i}`);
      }
      optimizer.step();
    }
    for (const { name, data } of params) expectSame(growing.get(name).data, data, name);
    expect(growing.steps).toBe(optimizer.steps);
    growing.dispose();
    optimizer.dispose();
    params.dispose();
  });
});

test.each(optimizers.map((Optimizer) => ({ name: Optimizer.spec.name, Optimizer })))(
  "$name goes on from named arrays to the same bits, at every step",
  ({ Optimizer }) => {
    const shapes = shapesFor(Optimizer);
    const whole = make(rt, { Optimizer, options: {} });
    steps(whole, shapes);
    for (let stop = 1; stop < arrivals.length; stop++) {
      const first = make(rt, { Optimizer, options: {} });
      steps(first, shapes, 0, stop);
      const arrays = toNamedArrays(first.stateDict(), first.shapes);
      expect(new Set(arrays.map(({ name }) => name)).size).toBe(arrays.length);
      const second = make(rt, { Optimizer, options: {} });
      const { name, points } = Optimizer.spec;
      second.restore(first.shapes, fromNamedArrays(arrays, name, points?.training ?? "p"));
      for (const name of first.shapes.keys()) second.get(name).data.set(first.get(name).data);
      expect(second.steps).toBe(stop);
      steps(second, shapes, stop);
      for (const name of shapes.keys()) expectSame(second.get(name).data, whole.get(name).data, `${name} from ${stop}`);
      first.dispose();
      second.dispose();
    }
    whole.dispose();
  },
);

test("named arrays say what they are", () => {
  const growing = new GrowingOptimizer(rt, Adam);
  expect(toNamedArrays(growing.stateDict(), growing.shapes)).toEqual([
    { name: "iter", shape: [], values: Int32Array.of(0) },
  ]);
  growing.grow(new Map([["a/w", [1, 2]]]));
  growing.get("a/w").grad.set([1, -2]);
  growing.step(new Set(["a/w"]));
  const arrays = toNamedArrays(growing.stateDict(), growing.shapes);
  expect(arrays.map(({ name, shape }) => [name, shape])).toEqual([
    ["iter", []],
    ["a/w/steps", []],
    ["a/w/exp_avg", [1, 2]],
    ["a/w/exp_avg_sq", [1, 2]],
  ]);
  expect([...arrays[2]!.values]).toEqual([0.1, -0.2].map(Math.fround));
});

test.each([
  ["nothing", [], "weights: got [], expected"],
  ["no count", [["w/steps", Int32Array.of(1)]], 'weights: got ["w/steps"], expected a list that starts with "iter"'],
  [
    "a name without a parameter",
    [
      ["iter", Int32Array.of(1)],
      ["w", Int32Array.of(1)],
    ],
    'weights: got "w"',
  ],
  [
    "no steps",
    [
      ["iter", Int32Array.of(1)],
      ["w/m", Float32Array.of(1)],
    ],
    'missing "w/steps"',
  ],
  [
    "integers of no use",
    [
      ["iter", Int32Array.of(1)],
      ["w/d", Int32Array.of(1)],
    ],
    "weights: w/d: got",
  ],
] as [string, [string, Float32Array | Int32Array][], string][])("%s are no named arrays", (_, list, message) => {
  const arrays = list.map(([name, values]) => ({ name, shape: [values.length], values }));
  expect(() => fromNamedArrays(arrays, "Adam", "p")).toThrow(message);
});

test("groups take rules, by role and by name", () => {
  const groups = [
    { role: "bias" as const, weightDecay: 0 },
    { where: ({ ndim }: { ndim: number }) => ndim > 1, weightDecay: 0.5 },
  ];
  const growing = new GrowingOptimizer(rt, AdamW, { lr: 0.5, groups });
  growing.grow(
    new Map<string, number[]>([
      ["b", [1]],
      ["w", [1, 1]],
    ]),
  );
  for (const name of ["b", "w"]) growing.get(name).data.fill(8);
  growing.step(new Set(["b", "w"]));
  expect([...growing.get("b").data, ...growing.get("w").data]).toEqual([8, 6]);
});

test("the learning rate is set for parameters that are there and that come up, but not over a rule's own", () => {
  const groups = [{ role: "bias" as const, lr: 0.5 }, { role: "hidden" as const }];
  const growing = new GrowingOptimizer(rt, SGD, { lr: 1, groups });
  const shapes = new Map<string, number[]>([
    ["b", [1]],
    ["w", [1, 1]],
    ["late", [1, 1]],
  ]);
  const walk = (...names: string[]) => {
    growing.grow(new Map(names.map((name) => [name, shapes.get(name)!])));
    for (const name of names) growing.get(name).grad.fill(1);
    growing.step(new Set(names));
    return names.map((name) => growing.get(name).data[0]);
  };
  expect(walk("b", "w")).toEqual([-0.5, -1]);
  growing.setLr(4);
  expect(walk("b", "w")).toEqual([-1, -5]);
  expect(walk("b", "w", "late")).toEqual([-1.5, -9, -4]);
  growing.setLr((step) => 2 ** step);
  expect([3, 4].map((step) => growing.lrAt(step))).toEqual([8, 16]);
  expect(walk("late")).toEqual([-12]);
  for (const bad of [-1, "1", undefined]) {
    expect(() => growing.setLr(bad as never)).toThrow("SGD.learningRate: got");
  }
  expect(walk("late")).toEqual([-28]);
});

test("a state that cannot be loaded leaves everything as it was", () => {
  const growing = new GrowingOptimizer(rt, Adam);
  growing.grow(new Map([["a", [2]]]));
  growing.get("a").data.fill(3);
  const { used } = rt.heap;
  const failing = () => {
    throw new Error("mine");
  };
  expect(() => growing.restore(new Map([["b", [2]]]), growing.stateDict()!, failing)).toThrow("mine");
  expect([...growing.shapes.keys(), ...growing.get("a").data, rt.heap.used]).toEqual(["a", 3, 3, used]);
});

test("parameters are at the point to evaluate at for a while, those without a gradient too", () => {
  const growing = new GrowingOptimizer(rt, ScheduleFreeAdamW, { lr: 0.1 });
  expect(growing.withEvalParams(() => "nothing to move")).toBe("nothing to move");
  growing.grow(
    new Map<string, number[]>([
      ["a", [1]],
      ["b", [1]],
    ]),
  );
  for (const names of [["a", "b"], ["a", "b"], ["a"]]) {
    for (const name of names) growing.get(name).grad.fill(1);
    growing.step(new Set(names));
  }
  const values = () => [growing.get("a").data[0], growing.get("b").data[0]];
  const before = values();
  growing.withEvalParams(() => {
    expect(values()[0]).not.toBe(before[0]);
    expect(values()[1]).not.toBe(before[1]);
  });
  expect(values()).toEqual(before);
});

test("bad options are refused before there is a parameter, and bad parameters leave everything as it was", async () => {
  expect(() => new GrowingOptimizer(rt, Adam, { lr: -1 })).toThrow("lr: got -1");
  expect(() => new GrowingOptimizer(rt, Adam, { rate: 1 } as never)).toThrow("Adam.rate");
  expect(() => new GrowingOptimizer(rt, Adam, { groups: [{ role: "bias", lr: -1 }] })).toThrow("lr: got -1");
  expect(() => new GrowingOptimizer(rt, Adam, { groups: { lr: 1 } as never })).toThrow("groups: got an object");
  expect(() => new GrowingOptimizer({} as never, Adam)).toThrow("runtime: got");
  const growing = new GrowingOptimizer(rt, Adam, { groups: [{ where: ({ name }) => name === "a", lr: 1 }] });
  expect(() => growing.step(new Set())).toThrow("parameters: got");
  growing.grow(new Map([["a", [2]]]));
  growing.get("a").data.fill(3);
  const used = rt.heap.used;
  expect(() => growing.grow(new Map([["b", [2]]]))).toThrow("falls in no group");
  expect(() =>
    growing.grow(
      new Map([
        ["a", [2]],
        ["c", [0]],
      ]),
    ),
  ).toThrow("c.shape");
  expect(rt.heap.used).toBe(used);
  expect([...growing.get("a").data]).toEqual([3, 3]);
});

test("memory is given back, and a disposed one says so", async () => {
  const fresh = await load();
  const used = fresh.heap.used;
  const growing = new GrowingOptimizer(fresh, Adam);
  for (const name of ["a", "b"]) growing.grow(new Map([[name, [100]]]));
  growing.restore(new Map([["c", [10]]]), {
    ...growing.stateDict()!,
    steps: { c: 0 },
    groups: [],
    state: { c: { exp_avg: new Float32Array(10), exp_avg_sq: new Float32Array(10) } },
  });
  expect([...growing.shapes.keys()]).toEqual(["c"]);
  growing.dispose();
  growing.dispose();
  expect(fresh.heap.used).toBe(used);
  expect(() => growing.grow(new Map([["a", [1]]]))).toThrow("this Adam has been disposed");
});
