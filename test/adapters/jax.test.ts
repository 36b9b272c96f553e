/** Trees of jax-js step as parameters in linear memory do, references are used up as jax-js has it, and nothing leaks. */
import { describe, expect, test, vi } from "vitest";

/** The memories that jax-js allocates arrays in: it counts references, but tells no number of arrays. */
const memories = vi.hoisted(() => {
  const made: WebAssembly.Memory[] = [];
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(this);
    }
  };
  return made;
});

import { grad, type Array as JaxArray, jit, numpy as np, tree } from "@jax-js/jax";
import { jaxOptimizer } from "../../src/adapters/jax.ts";
import { clipGradNorm } from "../../src/gradients/clip.ts";
import type { Stepping } from "../../src/optim/define/steppable.ts";
import { Adafactor, AdamW, Lion, SGD } from "../../src/optim/index.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { Lookahead } from "../../src/training/lookahead.ts";
import { gpt2Recipe } from "../../src/training/recipes.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [runtime] = runtimes as [Runtime, ...Runtime[]];
const devices = ["cpu", "wasm"] as const;
type Device = (typeof devices)[number];

const wave = (length: number, from: number) => Float32Array.from({ length }, (_, i) => Math.sin(from + i));
const applyUpdates = <P extends Tree>(params: P, updates: P) =>
  tree.map((p: JaxArray, u: JaxArray) => p.add(u), params, updates) as P;

type Tree = { layers: { weight: JaxArray; bias: JaxArray }[]; scale: JaxArray };
/** Names as paths have them, and shapes, one of them of no axes. */
const SHAPES = {
  "layers.0.weight": [3, 50],
  "layers.0.bias": [3],
  "layers.1.weight": [2, 3],
  "layers.1.bias": [2],
  scale: [],
};
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const elementsAt = (from: number) =>
  Object.entries(SHAPES).map(([name, shape], i) => [name, wave(sizeOf(shape), from + 10 * i)] as const);

function makeTree(from: number, device?: Device): Tree {
  const arrays = elementsAt(from).map(([name, elements]) => {
    const shape = SHAPES[name as keyof typeof SHAPES];
    return np.array(elements, { shape, ...(device && { device }) });
  });
  const [w0, b0, w1, b1, scale] = arrays as [JaxArray, JaxArray, JaxArray, JaxArray, JaxArray];
  const layers = [
    { weight: w0, bias: b0 },
    { weight: w1, bias: b1 },
  ];
  return { layers, scale };
}

const leaves = (params: Tree) => tree.leaves<JaxArray>(params);
const read = (array: JaxArray) => array.ref.dataSync() as Float32Array;

/** The same parameters and optimizer without jax-js. */
function direct(rt: Runtime, from: number) {
  const params = rt.parameters(SHAPES);
  const fill = (which: "data" | "grad", start: number) => {
    for (const [name, elements] of elementsAt(start)) params.get(name)[which].set(elements);
  };
  fill("data", from);
  return { params, setGradients: (start: number) => fill("grad", start) };
}

describe.each(runtimes)("on $backend", (rt) => {
  describe.each(devices)("with arrays on %s", (device) => {
    test.each([
      ["AdamW", AdamW, { lr: 0.1, weightDecay: 0.3 }],
      ["Adafactor, which looks at shapes", Adafactor, {}],
      ["Lion with a schedule", Lion, { lr: (step: number) => 1 / (step + 2) }],
    ] as const)("step gives the bits of %s", (_, Class, options) => {
      const tx = jaxOptimizer(rt, Class as typeof AdamW, options);
      let params = makeTree(1, device);
      let state = tx.init(tree.ref(params));
      const { params: inside, setGradients } = direct(rt, 1);
      const optimizer = new (Class as typeof AdamW)(inside, options);
      for (let i = 0; i < 4; i++) {
        [params, state] = tx.step(makeTree(100 * i, device), state, params);
        setGradients(100 * i);
        expect(state.report).toEqual(optimizer.step());
        const stepped = leaves(params);
        for (const [at, parameter] of [...inside].entries()) {
          expect(bitsOf(read(stepped[at]!))).toEqual(bitsOf(parameter.data));
          expect(stepped[at]).toMatchObject({ shape: [...parameter.shape], device });
        }
      }
      expect([...state.parameters].map(({ name, shape }) => [name, shape])).toEqual(Object.entries(SHAPES));
      tree.dispose(params);
      state.dispose();
    });
  });
});

test("updates are what is added to get there: exactly where a value at most halves or doubles, else within a rounding", () => {
  const tx = jaxOptimizer(runtime, SGD, { lr: 0.5 });
  let params = makeTree(1);
  let state = tx.init(tree.ref(params));
  const { params: inside, setGradients } = direct(runtime, 1);
  const sgd = new SGD(inside, { lr: 0.5 });
  const before = new Map([...inside].map(({ name, data }) => [name, data.slice()]));
  setGradients(7);
  sgd.step();
  const [updates, next] = tx.update(makeTree(7), state, tree.ref(params));
  state = next;
  params = applyUpdates(params, updates);
  let exact = 0;
  for (const [at, { name, data }] of [...inside].entries()) {
    const stepped = read(leaves(params)[at]!);
    for (const [i, p] of before.get(name)!.entries()) {
      const ratio = data[i]! / p;
      if (ratio >= 0.5 && ratio <= 2) {
        expect(stepped[i]).toBe(data[i]);
        exact++;
      } else {
        // p' - p is rounded, then the sum is.
        const bound = 2 ** -24 * (Math.abs(data[i]! - p) + Math.abs(data[i]!));
        expect(Math.abs(stepped[i]! - data[i]!)).toBeLessThanOrEqual(1.01 * bound);
      }
    }
  }
  expect(exact).toBeGreaterThan(30);
  expect(exact).toBeLessThan(inside.size);
});

test("values come from the tree at each update, not from the step before", () => {
  const tx = jaxOptimizer(runtime, SGD, { lr: 1 });
  let params = { p: np.array([1, 2]) };
  let state = tx.init(tree.ref(params));
  [params, state] = tx.step({ p: np.array([1, 0]) }, state, params);
  const [stepped] = tx.step({ p: np.array([1, 0]) }, state, { p: params.p.mul(10).add(np.array([5, 0])) });
  expect(stepped.p.js()).toEqual([4, 20]);
});

test("a tree may be one array, and gradients may name their leaves in another order", () => {
  const tx = jaxOptimizer(runtime, SGD, { lr: 1 });
  const [stepped, state] = tx.step(np.array([1, 1]), tx.init(np.array([1, 2])), np.array([1, 2]));
  expect(stepped.js()).toEqual([0, 1]);
  expect([...state.parameters].map(({ name }) => name)).toEqual(["params"]);
  const params = { a: np.array([1]), b: np.array([1]) };
  const [other] = tx.step({ b: np.array([2]), a: np.array([1]) }, tx.init(tree.ref(params)), params);
  expect(tree.map((x: JaxArray) => x.js(), other)).toEqual({ a: [0], b: [-1] });
});

test("groups, wrappers, recipes and clipping come by a function of the parameters", () => {
  const run = <I extends Stepping>(make: (params: Parameters) => I) => {
    const tx = jaxOptimizer(runtime, make);
    const [stepped, state] = tx.step(np.array([30, 40]), tx.init(np.array([1, 1])), np.array([1, 1]));
    expect(state.report).toMatchObject({ step: 1, applied: true });
    return { stepped: stepped.js(), report: state.report, optimizer: state.optimizer };
  };
  const lookahead = run((params) => new Lookahead(new SGD([{ params, lr: 1 }]), { k: 1, alpha: 0.5 }));
  expect(lookahead.stepped).toEqual([-14, -19]);
  const recipe = run((params) => gpt2Recipe(params, { peak: 0.1, warmup: 1, total: 10 }));
  expect(recipe.report).toMatchObject({ gradNorm: 50 });
  expect(recipe.optimizer.name).toBe("gpt2Recipe");
  const clipped = run((params) => {
    const sgd = new SGD(params, { lr: 1 });
    const step = () => {
      clipGradNorm(params, 5);
      return sgd.step();
    };
    return { step };
  });
  expect(clipped.stepped).toEqual([expect.closeTo(-2, 5), expect.closeTo(-3, 5)]);
});

test("it trains with grad and jit around the loss", () => {
  const loss = (p: { w: JaxArray }) => np.square(p.w.sub(3)).sum();
  const gradient = jit(grad(loss));
  const tx = jaxOptimizer(runtime, SGD, { lr: 0.25 });
  let params = { w: np.array([1, 7]) };
  let state = tx.init(tree.ref(params));
  // p - 3 halves at each step.
  for (let i = 0; i < 4; i++) [params, state] = tx.step(gradient(tree.ref(params)), state, params);
  expect(params.w.js()).toEqual([3 - 2 / 16, 3 + 4 / 16]);
});

test("state resumes bit for bit from stateDict", () => {
  const tx = jaxOptimizer(runtime, AdamW, { lr: 0.1 });
  const [first, state] = tx.step(makeTree(5), tx.init(makeTree(1)), makeTree(1));
  const resumed = tx.init(tree.ref(first));
  resumed.optimizer.loadStateDict(state.optimizer.stateDict());
  const [a] = tx.step(makeTree(6), state, tree.ref(first));
  const [b] = tx.step(makeTree(6), resumed, first);
  for (const [i, leaf] of leaves(a).entries()) expect(bitsOf(read(leaf))).toEqual(bitsOf(read(leaves(b)[i]!)));
});

describe("ownership", () => {
  test("arguments are used up, results are owned once, and inputs taken by ref stay as they were", () => {
    const tx = jaxOptimizer(runtime, AdamW);
    const [params, kept, grads] = [makeTree(1), makeTree(2), makeTree(3)];
    const [stepped, state] = tx.step(grads, tx.init(params), tree.ref(kept));
    const counts = (value: Tree) => leaves(value).map(({ refCount }) => refCount);
    expect([...counts(params), ...counts(grads)]).toEqual(Array(10).fill(0));
    expect(counts(kept)).toEqual(Array(5).fill(1));
    expect(counts(stepped)).toEqual(Array(5).fill(1));
    expect(read(kept.layers[0]!.weight)).toEqual(wave(150, 2));
    const [updates] = tx.update(makeTree(4), state, tree.ref(stepped));
    expect(counts(updates)).toEqual(Array(5).fill(1));
    expect(counts(stepped)).toEqual(Array(5).fill(1));
  });

  test("a state serves once", () => {
    const tx = jaxOptimizer(runtime, SGD);
    const first = tx.init(np.array([1]));
    const [, second] = tx.step(np.array([1]), first, np.array([1]));
    const [grads, params] = [np.array([1]), np.array([1])];
    expect(() => tx.step(grads, first, params)).toThrow("an update has used up");
    expect(() => first.optimizer).toThrow("an update has used up");
    expect(() => first.dispose()).toThrow("an update has used up");
    expect([grads.refCount, params.refCount]).toEqual([1, 1]);
    expect(second.optimizer.steps).toBe(1);
    second.dispose();
    expect(() => tx.step(grads, second, params)).toThrow("it has been disposed");
    expect(() => second.dispose()).toThrow("it has been disposed");
  });

  test.each(["step", "update"] as const)("500 times %s takes no more memory than 20", (method) => {
    expect(memories.length).toBeGreaterThan(0);
    const bytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    const tx = jaxOptimizer(runtime, AdamW);
    const start = wave(50_000, 1);
    let params = { p: np.array(start) };
    let state = tx.init(tree.ref(params));
    let [warm, used] = [0, 0];
    for (let i = 0; i < 500; i++) {
      if (i === 20) [warm, used] = [bytes(), runtime.heap.used];
      const grads = { p: np.array(start) };
      if (method === "step") [params, state] = tx.step(grads, state, params);
      else {
        const [updates, next] = tx.update(grads, state, tree.ref(params));
        params = { p: params.p.add(updates.p) };
        params.p.ref.dataSync();
        state = next;
      }
    }
    // One array leaked at each would be 96 MB.
    expect(bytes()).toBe(warm);
    expect(runtime.heap.used).toBe(used);
    state.dispose();
    expect(params.p.refCount).toBe(1);
  });
});

describe("refused, with nothing used up", () => {
  const tx = jaxOptimizer(runtime, SGD);
  const refuse = (grads: unknown, params: unknown, message: string) => {
    const state = tx.init({ w: np.array([1, 2]) });
    const before = state.parameters.get("w").data.slice();
    expect(() => tx.step(grads as JaxArray, state, params as JaxArray)).toThrow(message);
    expect(state.parameters.get("w").data).toEqual(before);
    expect(state.optimizer.steps).toBe(0);
    state.dispose();
  };
  const w = () => np.array([1, 2]);

  test("shapes that differ only in their last axes", () => {
    const deep = (...last: number[]) => ({ w: np.zeros([...new Array<number>(8).fill(1), ...last]) });
    const state = tx.init(deep(2, 3));
    expect(() => tx.step(deep(3, 2), state, deep(2, 3))).toThrow("grads: w: got [1, 1, 1, 1, 1, 1, 1, 1, ...]");
    state.dispose();
  });

  test("trees that do not fit", () => {
    const kept = { w: w() };
    refuse({ w: np.array([1, 2, 3]) }, kept, "grads: w: got [3], expected shape [2]");
    refuse({ v: w() }, kept, "grads: w: got undefined");
    refuse({ w: w(), v: w() }, kept, 'grads: got "v"');
    refuse(kept, undefined, "params: params: got undefined, expected an array of jax-js");
    refuse({ w: 1 }, kept, "grads: w: got 1, expected an array of jax-js");
    refuse({ w: np.array([1, 2], { dtype: np.int32 }) }, kept, 'grads: w: got "int32", expected float32');
    expect(kept.w.refCount).toBe(1);
  });

  test("no state, no runtime, no optimizer, options beside a function, names twice, no leaves", () => {
    expect(() => tx.step(w(), {} as ReturnType<typeof tx.init>, w())).toThrow("state: got an object");
    expect(() => jaxOptimizer({} as never, SGD)).toThrow("runtime: got an object");
    expect(() => jaxOptimizer(runtime, "adam" as never)).toThrow('optimizer: got "adam"');
    expect(() => jaxOptimizer(runtime, ((params: never) => new SGD(params)) as never, {})).toThrow("options");
    expect(() => tx.init({ "a.b": w(), a: { b: w() } })).toThrow("two leaves named a.b");
    expect(() => tx.init({})).toThrow("at least one parameter");
    const { used } = runtime.heap;
    expect(() => jaxOptimizer(runtime, SGD, { lr: -1 }).init(w())).toThrow("lr");
    expect(runtime.heap.used).toBe(used);
  });

  test("tracing", () => {
    const traced = (p: JaxArray) => {
      tx.init(p);
      return p.sum();
    };
    expect(() => grad(traced)(w())).toThrow("outside of grad, jit and vmap");
  });
});
