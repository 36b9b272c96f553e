import { describe, expect, test } from "vitest";
import { SVRG, type SVRGOptions } from "../../src/training/svrg.ts";
import { readGolden } from "../support/golden.ts";
import { loadAll } from "../support/runtimes.ts";

interface Problem {
  n: number;
  m: number;
  X: number[];
  y: number[];
  lambda: number;
  x0: number[];
  x_star: number[];
}

interface Epoch {
  snapshot: number[];
  sample_order: number[];
  picked_index: number | null;
  x_after_inner: Record<string, number[]>;
  w: number[];
}

interface SvrgCase {
  name: string;
  config: { lr: number; inner_steps: number; batch_size: number; outer_update: "last" | "random" | "average" };
  trace: Epoch[];
}

const { cases, problems } = readGolden<{ cases: SvrgCase[]; problems: { logistic: Problem } }>("optim/svrg");
const { n, m, X, y, lambda, x0, x_star } = problems.logistic;
const runtimes = await loadAll();

/** The gradient of regularised logistic regression, in float64, at float32 values. */
function gradientAt(w: Float32Array, grad: Float32Array, positions: readonly number[]): void {
  const sum = Array.from(w, (weight) => lambda * weight * positions.length);
  for (const i of positions) {
    const row = X.slice(n * i, n * i + n);
    const margin = row.reduce((total, x, j) => total + x * w[j]!, 0);
    const residual = 1 / (1 + Math.exp(-margin)) - y[i]!;
    row.forEach((x, j) => {
      sum[j]! += residual * x;
    });
  }
  grad.set(sum.map((g) => g / positions.length));
}

function solver(runtime: (typeof runtimes)[0], options: SVRGOptions) {
  const params = runtime.parameters({ w: [n] });
  const w = params.get("w");
  w.data.set(x0);
  const svrg = new SVRG(params, options);
  const epoch = () => svrg.epoch({ samples: m, gradient: (positions) => gradientAt(w.data, w.grad, positions) });
  return { w, svrg, epoch };
}

const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));

describe.each(runtimes)("SVRG on $backend", (runtime) => {
  test.each(cases)("follows Johnson and Zhang to float32 rounding: $name", ({ config, trace }) => {
    const { lr, inner_steps, batch_size, outer_update } = config;
    const { w, epoch } = solver(runtime, {
      lr,
      innerSteps: inner_steps,
      batchSize: batch_size,
      outerUpdate: outer_update,
      batch: (index, step) => trace[index]!.sample_order.slice(batch_size * step, batch_size * (step + 1)),
      pick: (index) => trace[index]!.picked_index ?? 0,
    });
    for (const { snapshot, w: expected } of trace) {
      expect(distance(w.data, snapshot)).toBeLessThan(4e-6);
      epoch();
      expect(distance(w.data, expected)).toBeLessThan(4e-6);
    }
  });
});

test.each(["last", "random", "average"] as const)(
  "reaches the minimum linearly with outer update %s",
  (outerUpdate) => {
    const { w, epoch } = solver(runtimes[0]!, { lr: 0.1, outerUpdate, seed: 1 });
    for (let i = 0; i < 40; i++) epoch();
    expect(distance(w.data, x_star)).toBeLessThan(1e-5);
  },
);

test("the seed decides the samples, and the epoch count makes a run resumable", () => {
  const run = (seed: number, epochs: number, from?: { values: number[]; epochs: number }) => {
    const { w, svrg, epoch } = solver(runtimes[0]!, { lr: 0.1, innerSteps: 10, seed });
    if (from) {
      w.data.set(from.values);
      svrg.epochs = from.epochs;
    }
    for (let i = 0; i < epochs; i++) epoch();
    return [...w.data];
  };
  expect(run(1, 4)).toEqual(run(1, 4));
  expect(run(2, 4)).not.toEqual(run(1, 4));
  expect(run(1, 2, { values: run(1, 2), epochs: 2 })).toEqual(run(1, 4));
});

test("arguments are checked and memory is given back", () => {
  const rt = runtimes[0]!;
  const params = rt.parameters({ w: [3] });
  const { used } = rt.heap;
  expect(() => new SVRG(params, { lr: -1 })).toThrow("lr: got -1, expected a number in [0, inf)");
  expect(() => new SVRG(params, { outerUpdate: "best" as "last" })).toThrow('outerUpdate: got "best"');
  expect(() => new SVRG(params, { steps: 3 } as object)).toThrow("SVRG.steps");
  expect(() => new SVRG([])).toThrow("at least one parameter");
  expect(rt.heap.used).toBe(used);
  const svrg = new SVRG(params, { outerUpdate: "average" });
  expect(svrg.bytes).toBe(5 * 12);
  expect(() => svrg.epoch({ samples: 0, gradient: () => {} })).toThrow("samples: got 0");
  svrg.dispose();
  expect(rt.heap.used).toBe(used);
});
