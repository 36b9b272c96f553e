import { describe, expect, test } from "vitest";
import { GradientAccumulator } from "../../src/gradients/accumulate.ts";
import { clipGradNorm } from "../../src/gradients/clip.ts";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { linear, linearBackward } from "../../src/nn/functions/linear.ts";
import { SGD } from "../../src/optim/sgd.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import { Random } from "../../src/tensor/random.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];
const shapes = { w: [7, 5], u: [3, 17], b: [13] };

/** The gradient of micro-batch t. */
function gradient(name: string, size: number, t: number): Float32Array {
  const random = new Random(3, `${name} ${t}`);
  return Float32Array.from({ length: size }, () => (random.uniform() - 0.5) * 10 ** (random.below(5) - 3));
}

/** A backward pass over micro-batch t, that adds to the gradients or overwrites them. */
function backward(params: Parameters, t: number, adds: boolean): void {
  for (const { name, grad, size, frozen } of params) {
    if (frozen) continue;
    for (const [i, g] of gradient(name, size, t).entries()) grad[i] = adds ? grad[i]! + g : g;
  }
}

const gradients = (params: Parameters) => [...params].map(({ grad }) => [...bitsOf(grad)]);
const MICRO = 6;
const weights = [3, 1, 4, 1, 5, 9];

/** The weighted mean or sum over micro-batches in float64, and a bound: half an ulp of each product and partial sum. */
function oracle(name: string, size: number, weightAt: (t: number) => number, reduction: "mean" | "sum") {
  const total = reduction === "mean" ? weights.reduce((sum, _, t) => sum + weightAt(t), 0) : 1;
  return Array.from({ length: size }, (_, i) => {
    const terms = weights.map((_, t) => weightAt(t) * gradient(name, size, t)[i]!);
    const magnitude = terms.reduce((sum, term) => sum + Math.abs(term), 0);
    return {
      truth: terms.reduce((sum, term) => sum + term, 0) / total,
      allowed: ((2 * MICRO + 2) * 2 ** -24 * magnitude) / total,
    };
  });
}

describe.each(runtimes)("GradientAccumulator on $backend", (runtime) => {
  test.each([
    ["mean", false],
    ["mean", true],
    ["sum", false],
    ["sum", true],
  ] as const)("%s, weighted %s: is that of the whole batch within roundings", (reduction, weighted) => {
    const params = runtime.parameters(shapes);
    const accumulator = new GradientAccumulator(params, { reduction });
    for (const [t, weight] of weights.entries()) {
      backward(params, t, false);
      accumulator.accumulate(weighted ? { weight } : {});
    }
    expect(accumulator.finish()).toEqual({ microBatches: MICRO, weight: weighted ? 23 : MICRO });
    for (const { name, size, grad } of params) {
      const whole = oracle(name, size, (t) => (weighted ? weights[t]! : 1), reduction);
      whole.forEach(({ truth, allowed }, i) => {
        expect(Math.abs(grad[i]! - truth), `${name}[${i}]`).toBeLessThanOrEqual(allowed);
      });
    }
  });

  test("three micro-batches through a layer and its loss give the gradients of the whole batch within roundings", () => {
    const [rows, width, classes] = [12, 9, 5];
    const params = runtime.parameters({ weight: [classes, width], bias: [classes] });
    const random = new Random(4, "rows");
    const inputs = Array.from({ length: rows * width }, () => random.uniform() - 0.5);
    const targets = Array.from({ length: rows }, () => random.below(classes));
    for (const { data } of params) for (let i = 0; i < data.length; i++) data[i] = random.uniform() - 0.5;
    const [weight, bias] = [params.get("weight"), params.get("bias")];
    const backwardRows = (from: number, to: number) => {
      const count = to - from;
      const x = runtime.tensor([count, width], { values: inputs.slice(from * width, to * width) });
      const labels = runtime.tensor([count], { type: "u32", values: targets.slice(from, to) });
      const logits = runtime.tensor([count, classes]);
      linear(x, weight.value, bias.value, logits);
      crossEntropy(logits, labels, { losses: runtime.tensor([count]), gradient: logits });
      linearBackward(x, weight.value, logits, { dWeight: weight.gradient, dBias: bias.gradient });
    };
    backwardRows(0, rows);
    const whole = [...params].map(({ grad }) => grad.slice());
    params.zeroGrad();
    const accumulator = new GradientAccumulator(params);
    for (const [from, to] of [
      [0, 3],
      [3, 4],
      [4, 12],
    ] as const) {
      backwardRows(from, to);
      accumulator.accumulate({ weight: to - from });
    }
    accumulator.finish();
    for (const [k, { grad, name }] of [...params].entries()) {
      // Each element is a sum over rows of products of magnitude at most 1 / rows, rounded 2 rows times on either side.
      grad.forEach((g, i) => {
        expect(Math.abs(g - whole[k]![i]!), `${name}[${i}]`).toBeLessThanOrEqual(4 * rows * 2 ** -24);
      });
    }
    expect(whole.some((gradient) => gradient.some((g) => Math.abs(g) > 0.05))).toBe(true);
  });

  test("four micro-batches of small whole numbers are the whole batch to the bit", () => {
    const params = runtime.parameters({ w: [9] });
    const accumulator = new GradientAccumulator(params);
    for (let t = 0; t < 4; t++) {
      params.get("w").grad.forEach((_, i, grad) => {
        grad[i] = i * (t + 1);
      });
      accumulator.accumulate();
    }
    accumulator.finish();
    expect([...params.get("w").grad]).toEqual(Array.from({ length: 9 }, (_, i) => 2.5 * i));
  });
});

function run(params: Parameters, accumulator: GradientAccumulator, from: number, to: number, adds = true): void {
  for (let t = from; t < to; t++) {
    backward(params, t, adds);
    accumulator.accumulate({ weight: weights[t % MICRO]! });
    if (t % MICRO === MICRO - 1) accumulator.finish();
  }
}

test("all backends, and backward passes that add or overwrite, give the same bits", () => {
  const ends = runtimes.flatMap((runtime) =>
    [true, false].map((adds) => {
      const params = runtime.parameters(shapes);
      run(params, new GradientAccumulator(params), 0, MICRO - 1, adds);
      const accumulator = new GradientAccumulator(params);
      params.zeroGrad();
      run(params, accumulator, 0, MICRO, adds);
      return gradients(params);
    }),
  );
  for (const end of ends) expect(end).toEqual(ends[0]);
});

test("a second batch starts anew", () => {
  const twice = rt.parameters(shapes);
  const accumulator = new GradientAccumulator(twice);
  run(twice, accumulator, 0, MICRO);
  twice.zeroGrad();
  run(twice, accumulator, 0, MICRO);
  const once = rt.parameters(shapes);
  run(once, new GradientAccumulator(once), 0, MICRO);
  expect(gradients(twice)).toEqual(gradients(once));
});

test("saved and loaded between any two micro-batches, it continues bit for bit", () => {
  const straight = rt.parameters(shapes);
  const accumulator = new GradientAccumulator(straight);
  for (let t = 0; t < 2 * MICRO; t++) {
    const resumed = rt.parameters(shapes);
    const other = new GradientAccumulator(resumed);
    other.loadStateDict(structuredClone(accumulator.stateDict()));
    expect(other.pending).toEqual(accumulator.pending);
    const end = Math.ceil((t + 1) / MICRO) * MICRO;
    run(resumed, other, t, end, false);
    const fresh = rt.parameters(shapes);
    run(fresh, new GradientAccumulator(fresh), end - MICRO, end, false);
    expect(gradients(resumed)).toEqual(gradients(fresh));
    run(straight, accumulator, t, t + 1, false);
  }
});

describe("frozen parameters", () => {
  test("are neither read nor written, and their neighbours are as if alone", () => {
    const params = rt.parameters(shapes);
    const u = params.get("u");
    u.frozen = true;
    u.grad.fill(Number.NaN);
    run(params, new GradientAccumulator(params), 0, MICRO);
    expect(u.grad.every(Number.isNaN)).toBe(true);
    const alone = rt.parameters({ w: shapes.w, b: shapes.b });
    run(alone, new GradientAccumulator(alone), 0, MICRO);
    expect(bitsOf(params.get("b").grad)).toEqual(bitsOf(alone.get("b").grad));
    expect(bitsOf(params.get("w").grad)).toEqual(bitsOf(alone.get("w").grad));
  });

  test("leave nothing of a batch in which they were frozen to the next", () => {
    const params = rt.parameters(shapes);
    const accumulator = new GradientAccumulator(params);
    run(params, accumulator, 0, 2);
    params.get("u").frozen = true;
    run(params, accumulator, 2, MICRO);
    params.get("u").frozen = false;
    params.zeroGrad();
    run(params, accumulator, 0, MICRO);
    const fresh = rt.parameters(shapes);
    run(fresh, new GradientAccumulator(fresh), 0, MICRO);
    expect(gradients(params)).toEqual(gradients(fresh));
  });
});

test("a NaN in one micro-batch is in the result, unless its weight is 0", () => {
  const params = rt.parameters({ w: [5] });
  const { grad } = params.get("w");
  const accumulator = new GradientAccumulator(params);
  for (const [weight, expected] of [
    [1, Number.NaN],
    [0, 2],
  ] as const) {
    grad.fill(2);
    accumulator.accumulate();
    grad.fill(Number.NaN);
    accumulator.accumulate({ weight });
    expect([...grad]).toEqual([0, 0, 0, 0, 0]);
    accumulator.finish();
    expect(grad[4]).toBe(expected);
  }
  accumulator.accumulate({ weight: 0 });
  expect(accumulator.finish()).toEqual({ microBatches: 1, weight: 0 });
  expect(grad[4]).toBe(0);
});

test("forgets a clipping that waits: it was of other gradients", () => {
  const params = rt.parameters({ w: [1] });
  const accumulator = new GradientAccumulator(params);
  params.get("w").grad[0] = 10;
  clipGradNorm(params, 1);
  accumulator.accumulate();
  clipGradNorm(params, 1);
  accumulator.finish();
  new SGD(params, { lr: 1 }).step();
  expect(params.get("w").data[0]).toBe(-10);
});

test("reset drops what has been accumulated", () => {
  const params = rt.parameters(shapes);
  const accumulator = new GradientAccumulator(params);
  run(params, accumulator, 0, 3);
  accumulator.reset();
  expect(accumulator.pending).toEqual({ microBatches: 0, weight: 0 });
  run(params, accumulator, 0, MICRO);
  const fresh = rt.parameters(shapes);
  run(fresh, new GradientAccumulator(fresh), 0, MICRO);
  expect(gradients(params)).toEqual(gradients(fresh));
});

test("takes one arena, allocates nothing afterwards, and gives it back", () => {
  const params = rt.parameters(shapes);
  const { used } = rt.heap;
  const accumulator = new GradientAccumulator(params);
  expect(accumulator.bytes).toBe(4 * params.size);
  const after = rt.heap.used;
  run(params, accumulator, 0, 2 * MICRO);
  expect(rt.heap.used).toBe(after);
  accumulator.dispose();
  expect(rt.heap.used).toBe(used);
  expect(() => accumulator.accumulate()).toThrow(expect.objectContaining({ code: "DISPOSED" }));
});

test("selections in any order share kernel calls only with their neighbours in memory", () => {
  const params = rt.parameters(shapes);
  const [w, u, b] = [params.get("w"), params.get("u"), params.get("b")];
  u.grad.fill(3);
  w.grad.fill(1);
  b.grad.fill(2);
  const accumulator = new GradientAccumulator([b, w]);
  accumulator.accumulate();
  accumulator.finish();
  expect([w.grad, u.grad, b.grad].map((grad) => [...new Set(grad)])).toEqual([[1], [3], [2]]);
});

test("arguments and states are checked before anything is written", () => {
  const params = rt.parameters(shapes);
  expect(() => new GradientAccumulator([])).toThrow("expected at least one parameter");
  expect(() => new GradientAccumulator(params, { reduction: "max" } as object)).toThrow('reduction: got "max"');
  expect(() => new GradientAccumulator(params, { steps: 2 } as object)).toThrow("GradientAccumulator.steps");
  const accumulator = new GradientAccumulator(params);
  expect(() => accumulator.finish()).toThrow("finish: got");
  backward(params, 0, false);
  const before = gradients(params);
  expect(() => accumulator.accumulate({ weight: -1 })).toThrow("weight: got -1, expected a number in [0, inf)");
  expect(gradients(params)).toEqual(before);
  accumulator.accumulate();
  const saved = accumulator.stateDict();
  const bad = (part: object) => () => accumulator.loadStateDict({ ...saved, ...part } as typeof saved);
  expect(bad({ microBatches: -1 })).toThrow("state.microBatches: got -1");
  expect(bad({ weight: Number.NaN })).toThrow("state.weight: got NaN");
  expect(bad({ reduction: "sum" })).toThrow('state.reduction: got "sum", expected one of "mean"');
  expect(bad({ sum: { ...saved.sum, b: new Float32Array(1) } })).toThrow("state.sum.b: got 1 elements, expected 13");
  expect(() => accumulator.loadStateDict(null as unknown as typeof saved)).toThrow("state: got null");
  expect(accumulator.stateDict()).toEqual(saved);
});
