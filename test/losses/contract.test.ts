/** What all losses promise alike, whatever they compute: a table of calls, each over more than one chunk of losses. */
import { describe, expect, test } from "vitest";
import { binaryCrossEntropyWithLogits } from "../../src/losses/binaryCrossEntropy.ts";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { sigmoidFocal, softmaxFocal } from "../../src/losses/focal.ts";
import { infoNce, ntXent } from "../../src/losses/infoNce.ts";
import { gaussianNll, laplaceNll } from "../../src/losses/likelihood.ts";
import { contrastive, tripletMargin, tripletSquared } from "../../src/losses/metric.ts";
import type { ReductionOptions } from "../../src/losses/reduction.ts";
import { huber, l1, mse, smoothL1 } from "../../src/losses/regression.ts";
import { zLoss } from "../../src/losses/zLoss.ts";
import { normal, uniform } from "../../src/tensor/random.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import type { Tensor, View } from "../../src/tensor/tensor.ts";
import { runtimes } from "../support/losses.ts";
import { bitsOf } from "../support/runtimes.ts";

type Options = ReductionOptions & Record<string, unknown>;

interface Subject {
  /** Shapes of the inputs that gradients are taken of, by the option that asks for each. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly losses: readonly number[];
  /** What is drawn anew for each runtime and not differentiated. */
  readonly targets?: (runtime: Runtime) => readonly View<"f32" | "u32">[];
  readonly call: (inputs: readonly View[], targets: readonly View[], options: Options) => number;
}

const ELEMENTS = [41, 63];
const ROWS = [1100, 7];

function labels(runtime: Runtime, count: number, bound: number): Tensor<"u32"> {
  return runtime.tensor([count], { type: "u32", values: Array.from({ length: count }, (_, i) => (5 * i) % bound) });
}

function drawn(runtime: Runtime, shape: readonly number[], name: string): Tensor {
  const tensor = runtime.tensor(shape);
  normal(tensor, { seed: 3, name });
  return tensor;
}

/** Numbers in [0.2, 1): probabilities, variances and labels, as the case may be. */
function positive(runtime: Runtime, shape: readonly number[]): Tensor {
  const tensor = runtime.tensor(shape);
  uniform(tensor, { seed: 3, name: "positive", low: 0.2, high: 1 });
  return tensor;
}

const numbers = (runtime: Runtime) => [drawn(runtime, ELEMENTS, "targets")];
const shares = (runtime: Runtime) => [positive(runtime, ELEMENTS)];
const classes = (runtime: Runtime) => [labels(runtime, ROWS[0]!, ROWS[1]!) as View<"f32" | "u32">];

const subjects: Record<string, Subject> = {
  mse: { inputs: { gradient: ELEMENTS }, losses: ELEMENTS, targets: numbers, call: ([x], [t], o) => mse(x!, t!, o) },
  l1: { inputs: { gradient: ELEMENTS }, losses: ELEMENTS, targets: numbers, call: ([x], [t], o) => l1(x!, t!, o) },
  huber: {
    inputs: { gradient: ELEMENTS },
    losses: ELEMENTS,
    targets: numbers,
    call: ([x], [t], o) => huber(x!, t!, { ...o, delta: 0.7 }),
  },
  smoothL1: {
    inputs: { gradient: ELEMENTS },
    losses: ELEMENTS,
    targets: numbers,
    call: ([x], [t], o) => smoothL1(x!, t!, { ...o, beta: 0.7 }),
  },
  binaryCrossEntropyWithLogits: {
    inputs: { gradient: ELEMENTS },
    losses: ELEMENTS,
    targets: (runtime) => [positive(runtime, ELEMENTS), positive(runtime, ELEMENTS.slice(1))],
    call: ([z], [t, posWeight], o) => binaryCrossEntropyWithLogits(z!, t!, { ...o, posWeight: posWeight!, weight: t! }),
  },
  sigmoidFocal: {
    inputs: { gradient: ELEMENTS },
    losses: ELEMENTS,
    targets: shares,
    call: ([z], [t], o) => sigmoidFocal(z!, t!, { ...o, gamma: 1.5, alpha: 0.4 }),
  },
  gaussianNll: {
    inputs: { gradient: ELEMENTS, gradientVariance: ELEMENTS },
    losses: ELEMENTS,
    targets: numbers,
    call: ([x, v], [t], o) => gaussianNll(x!, t!, v!, { ...o, eps: 0.1 }),
  },
  laplaceNll: {
    inputs: { gradient: ELEMENTS, gradientScale: ELEMENTS },
    losses: ELEMENTS,
    targets: numbers,
    call: ([x, b], [t], o) => laplaceNll(x!, t!, b!, { ...o, eps: 0.1 }),
  },
  "crossEntropy of classes": {
    inputs: { gradient: ROWS },
    losses: [ROWS[0]!],
    targets: classes,
    call: ([z], [t], o) => crossEntropy(z!, t!, o),
  },
  "crossEntropy of smoothed, weighted classes, some of them ignored": {
    inputs: { gradient: ROWS },
    losses: [ROWS[0]!],
    targets: (runtime) => [...classes(runtime), positive(runtime, [ROWS[1]!])],
    call: ([z], [t, weight], o) => crossEntropy(z!, t!, { ...o, weight: weight!, labelSmoothing: 0.2, ignoreIndex: 3 }),
  },
  "crossEntropy of probabilities": {
    inputs: { gradient: ROWS },
    losses: [ROWS[0]!],
    targets: (runtime) => [positive(runtime, ROWS), positive(runtime, [ROWS[1]!])],
    call: ([z], [t, weight], o) => crossEntropy(z!, t!, { ...o, weight: weight!, labelSmoothing: 0.2 }),
  },
  softmaxFocal: {
    inputs: { gradient: ROWS },
    losses: [ROWS[0]!],
    targets: classes,
    call: ([z], [t], o) => softmaxFocal(z!, t as unknown as View<"u32">, { ...o, gamma: 1.5 }),
  },
  zLoss: {
    inputs: { gradient: ROWS },
    losses: [ROWS[0]!],
    call: ([z], _, o) => zLoss(z!, { ...o, beta: 0.3 }),
  },
  contrastive: {
    inputs: { gradient1: ROWS, gradient2: ROWS },
    losses: [ROWS[0]!],
    targets: (runtime) => [positive(runtime, [ROWS[0]!])],
    call: ([a, b], [y], o) => contrastive(a!, b!, y!, { ...o, margin: 5, form: "hadsell" }),
  },
  tripletSquared: {
    inputs: { gradientAnchor: ROWS, gradientPositive: ROWS, gradientNegative: ROWS },
    losses: [ROWS[0]!],
    call: ([a, p, n], _, o) => tripletSquared(a!, p!, n!, { ...o, swap: true }),
  },
  tripletMargin: {
    inputs: { gradientAnchor: ROWS, gradientPositive: ROWS, gradientNegative: ROWS },
    losses: [ROWS[0]!],
    call: ([a, p, n], _, o) => tripletMargin(a!, p!, n!, { ...o, p: 1, eps: 0.01 }),
  },
  infoNce: {
    inputs: { gradientA: [30, 5], gradientB: [30, 5] },
    losses: [30],
    call: ([a, b], _, o) => infoNce(a!, b!, { ...o, symmetric: true }),
  },
  ntXent: {
    inputs: { gradient: [30, 5] },
    losses: [30],
    call: ([x], _, o) => ntXent(x!, { ...o, normalize: false }),
  },
};

/** One call in one runtime: the inputs and everything that it writes. */
function callOf(runtime: Runtime, { inputs, targets, call, losses }: Subject) {
  const values = Object.entries(inputs).map(([name, shape], i) =>
    name === "gradientVariance" || name === "gradientScale"
      ? positive(runtime, shape)
      : drawn(runtime, shape, `input ${i}`),
  );
  const fixed = (targets?.(runtime) ?? []) as View[];
  return {
    values,
    gradients: () => Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, runtime.tensor(shape)])),
    losses: () => runtime.tensor(losses),
    run: (options: Options) => call(values, fixed, options),
  };
}

const bits = (view: View) => bitsOf(view.data as Float32Array<ArrayBuffer>);
const all = (views: Record<string, View>) => Object.values(views).map(bits);

describe.each(Object.entries(subjects))("%s", (_, subject) => {
  const [rt] = runtimes as [Runtime];
  const { gradients, losses, run, values } = callOf(rt, subject);
  const expected = gradients();
  const kept = losses();
  const mean = run({ ...expected, losses: kept });

  test("gives the same bits on every backend", () => {
    const results = runtimes.map((runtime) => {
      const theirs = callOf(runtime, subject);
      const [written, separate] = [theirs.gradients(), theirs.losses()];
      return { value: theirs.run({ ...written, losses: separate }), bits: [...all(written), bits(separate)] };
    });
    for (const result of results) expect(result).toEqual({ value: mean, bits: [...all(expected), bits(kept)] });
  });

  test("gives the same value whatever is kept", () => {
    expect(run({})).toBe(mean);
    expect(run({ losses: losses() })).toBe(mean);
    const [first] = Object.entries<View>(gradients()) as [[string, View]];
    expect(run({ [first[0]]: first[1] })).toBe(mean);
    expect(bits(first[1])).toEqual(bits(expected[first[0]]!));
  });

  test("does not touch its inputs", () => {
    expect(values.map(bits)).toEqual(callOf(rt, subject).values.map(bits));
  });

  test("may write gradients over what they are gradients of", () => {
    const mine = callOf(rt, subject);
    const names = Object.keys(expected);
    mine.run(Object.fromEntries(names.map((name, i) => [name, mine.values[i]!])));
    expect(mine.values.map(bits)).toEqual(all(expected));
  });

  test("adds to gradients with accumulate, multiplied by upstream", () => {
    const halved = gradients();
    expect(run({ ...halved, upstream: 0.5 })).toBe(mean);
    const added = gradients();
    for (const gradient of Object.values(added)) gradient.data.fill(2);
    run({ ...added, upstream: 0.5, accumulate: true });
    for (const [name, gradient] of Object.entries(added)) {
      const half = halved[name]!.data;
      expect(gradient.data).toEqual(half.map((g) => 2 + g));
      // Halving is exact, so it may be done before or after.
      expect(half).toEqual(expected[name]!.data.map((g) => g / 2));
    }
  });

  test("sums, and leaves losses apart with factors of their own", () => {
    const summed = gradients();
    const sum = run({ ...summed, reduction: "sum" });
    expect(sum / kept.data.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    const [apart, weighted] = [gradients(), gradients()];
    const factors = losses();
    factors.data.fill(1);
    const none = losses();
    expect(run({ ...apart, reduction: "none", losses: none, upstream: factors })).toBe(sum);
    expect(none.data).toEqual(kept.data);
    for (const [name, gradient] of Object.entries(apart)) expect(gradient.data).toEqual(summed[name]!.data);
    // Powers of 2 multiply exactly.
    factors.data.forEach((_, i) => {
      factors.data[i] = 2 ** (i % 3);
    });
    run({ ...weighted, reduction: "none", losses: none, upstream: factors });
    if (Object.values(subject.inputs)[0]!.length === subject.losses.length) {
      for (const [name, gradient] of Object.entries(weighted)) {
        expect(gradient.data).toEqual(summed[name]!.data.map((g, i) => g * factors.data[i]!));
      }
    } else {
      expect(all(weighted)).not.toEqual(all(summed));
    }
  });

  test("refuses what makes no sense, and writes nothing", () => {
    const written = gradients();
    const other = rt.tensor([3]);
    const [name] = Object.keys(written) as [string];
    expect(() => run({ ...written, reduction: "average" as "mean" })).toThrow('reduction: got "average"');
    expect(() => run({ ...written, reduction: "none" })).toThrow("losses: got undefined");
    expect(() => run({ ...written, upstream: losses() })).toThrow(
      "upstream: got an object of Tensor, expected a number",
    );
    expect(() => run({ ...written, upstream: Number.NaN })).toThrow("upstream: got NaN");
    expect(() => run({ ...written, losses: other })).toThrow("losses: got [3]");
    expect(() => run({ ...written, [name]: other })).toThrow(`${name}: got [3]`);
    expect(() => run({ ...written, accumulate: 1 as unknown as boolean })).toThrow("accumulate: got 1");
    expect(() => run({ ...written, Reduction: "sum" })).toThrow('options.Reduction: got "Reduction", expected one of');
    for (const gradient of Object.values(written)) expect(gradient.data.every((g) => g === 0)).toBe(true);
  });
});
