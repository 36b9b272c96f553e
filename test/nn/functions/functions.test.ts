import { describe, expect, test } from "vitest";
import { crossEntropy } from "../../../src/losses/crossEntropy.ts";
import { tanh, tanhBackward } from "../../../src/nn/functions/activation.ts";
import { embedding, embeddingBackward } from "../../../src/nn/functions/embedding.ts";
import { linear, linearBackward } from "../../../src/nn/functions/linear.ts";
import { normal, Random } from "../../../src/tensor/random.ts";
import type { View } from "../../../src/tensor/tensor.ts";
import { loadAll } from "../../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];

function drawn(shape: number[], name: string, runtime = rt): View {
  const tensor = runtime.tensor(shape);
  normal(tensor, { seed: 7, name });
  return tensor;
}

/** Largest |ours - truth| as a share of the largest |truth|. */
function relativeError(ours: ArrayLike<number>, truth: ArrayLike<number>): number {
  const largest = (values: number[]) => Math.max(...values.map(Math.abs));
  return largest(Array.from(truth, (x, i) => x - ours[i]!)) / largest(Array.from(truth));
}

/** The derivative of `f` with respect to each element of x, by central differences in float64. */
function centralDifferences(x: ArrayLike<number>, f: (x: number[]) => number): number[] {
  return Array.from(x, (_, i) => {
    const moved = (by: number) => Array.from(x, (value, j) => (i === j ? value + by : value));
    return (f(moved(1e-5)) - f(moved(-1e-5))) / 2e-5;
  });
}

describe("linear", () => {
  const [rows, inputs, outputs] = [6, 5, 4];
  const [x, weight, bias] = [drawn([rows, inputs], "x"), drawn([outputs, inputs], "w"), drawn([outputs], "b")];
  const dy = drawn([rows, outputs], "dy");
  const forward = (x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from({ length: rows * outputs }, (_, at) => {
      const [i, o] = [Math.floor(at / outputs), at % outputs];
      return Array.from({ length: inputs }, (_, l) => x[i * inputs + l]! * w[o * inputs + l]!).reduce(
        (a, c) => a + c,
        b[o]!,
      );
    });
  const objective = (x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number>) =>
    forward(x, w, b).reduce((sum, y, i) => sum + y * dy.data[i]!, 0);

  test("forward agrees with float64", () => {
    const y = rt.tensor([rows, outputs]);
    linear(x, weight, bias, y);
    expect(relativeError(y.data, forward(x.data, weight.data, bias.data))).toBeLessThan(1e-6);
  });

  test("backward agrees with central differences, and adds to the gradients of W and b", () => {
    const [dx, dWeight, dBias] = [rt.tensor([rows, inputs]), rt.tensor([outputs, inputs]), rt.tensor([outputs])];
    dWeight.data.fill(1);
    dBias.data.fill(1);
    linearBackward(x, weight, dy, { dx, dWeight, dBias });
    const [xs, ws, bs] = [x.data, weight.data, bias.data];
    expect(
      relativeError(
        dx.data,
        centralDifferences(xs, (v) => objective(v, ws, bs)),
      ),
    ).toBeLessThan(1e-5);
    expect(
      relativeError(
        dWeight.data.map((g) => g - 1),
        centralDifferences(ws, (v) => objective(xs, v, bs)),
      ),
    ).toBeLessThan(1e-5);
    expect(
      relativeError(
        dBias.data.map((g) => g - 1),
        centralDifferences(bs, (v) => objective(xs, ws, v)),
      ),
    ).toBeLessThan(1e-5);
  });

  test("shapes are checked", () => {
    expect(() => linear(x, weight, rt.tensor([3]), dy)).toThrow("bias: got [3], expected a f32 tensor of shape [4]");
    expect(() => linear(x, bias, bias, dy)).toThrow("weight: got [4], expected two axes");
    const dWeight = rt.tensor([outputs, inputs]);
    expect(() => linearBackward(x, weight, dy, { dWeight, dBias: rt.tensor([5]) })).toThrow("dBias: got [5]");
  });
});

describe("embedding", () => {
  const table = drawn([5, 3], "table");
  const index = rt.tensor([4], { type: "u32", values: [4, 0, 4, 2] });

  test("forward picks rows, backward adds them back, repeated rows in order", () => {
    const out = rt.tensor([4, 3]);
    embedding(table, index, out);
    const row = (tensor: View, i: number) => [...tensor.data.subarray(3 * i, 3 * i + 3)];
    expect([0, 1, 2, 3].map((i) => row(out, i))).toEqual([4, 0, 4, 2].map((i) => row(table, i)));
    const dTable = rt.tensor([5, 3]);
    embeddingBackward(out, index, dTable);
    expect(row(dTable, 4)).toEqual(row(table, 4).map((x) => 2 * x));
    expect(row(dTable, 1)).toEqual([0, 0, 0]);
  });

  test("an index out of range is named, and nothing is written", () => {
    const bad = rt.tensor([4], { type: "u32", values: [0, 1, 5, 2] });
    const out = rt.tensor([4, 3]);
    expect(() => embedding(table, bad, out)).toThrow("index[2]: got 5, expected a number below 5");
    expect(() => embeddingBackward(out, bad, table)).toThrow("index[2]");
    expect(out.data.every((x) => x === 0)).toBe(true);
    expect(() => embedding(table, index, rt.tensor([4, 4]))).toThrow("out: got [4, 4], expected 4 rows of 3 elements");
    expect(() => embedding(table, table as unknown as View<"u32">, out)).toThrow(
      'index: got "a f32 tensor", expected a u32 tensor',
    );
  });
});

test("tanh backward is the derivative of tanh", () => {
  const x = drawn([50], "t");
  const [y, dy, dx] = [rt.tensor([50]), drawn([50], "dt"), rt.tensor([50])];
  tanh(x, y);
  tanhBackward(y, dy, dx);
  expect(relativeError(y.data, x.data.map(Math.tanh))).toBeLessThan(3e-7);
  expect(
    relativeError(
      dx.data,
      [...x.data].map((v, i) => dy.data[i]! / Math.cosh(v) ** 2),
    ),
  ).toBeLessThan(1e-6);
});

describe.each(runtimes)("crossEntropy on $backend", (runtime) => {
  const [rows, classes] = [7, 11];
  const random = new Random(1, "targets");
  const targets = runtime.tensor([rows], {
    type: "u32",
    values: Array.from({ length: rows }, () => random.below(classes)),
  });
  const logits = drawn([rows, classes], "logits", runtime);
  const outputs = () => ({ losses: runtime.tensor([rows]), gradient: runtime.tensor([rows, classes]) });

  /** The mean loss in float64. */
  const meanLoss = (z: ArrayLike<number>) => {
    let total = 0;
    for (let i = 0; i < rows; i++) {
      const row = Array.from({ length: classes }, (_, j) => z[i * classes + j]!);
      const most = Math.max(...row);
      total += most + Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0)) - row[targets.data[i]!]!;
    }
    return total / rows;
  };

  test("value and gradient agree with float64", () => {
    const out = outputs();
    const mean = crossEntropy(logits, targets, out);
    expect(mean / meanLoss(logits.data)).toBeCloseTo(1, 6);
    expect(relativeError(out.gradient.data, centralDifferences(logits.data, meanLoss))).toBeLessThan(2e-5);
  });

  test("is stable for logits of 10 000 and leaves no gradient where it is certain", () => {
    const large = runtime.tensor([rows, classes]);
    targets.data.forEach((target, i) => {
      large.data.fill(-1e4, i * classes, (i + 1) * classes);
      large.data[i * classes + target] = 1e4;
    });
    const out = outputs();
    expect(crossEntropy(large, targets, out)).toBe(0);
    expect(out.gradient.data.every((g) => g === 0)).toBe(true);
    large.data[0] = targets.data[0] === 0 ? -1e4 : 1e4;
    expect(Number.isFinite(crossEntropy(large, targets, out))).toBe(true);
  });

  test("may write the gradient over the logits", () => {
    const out = outputs();
    crossEntropy(logits, targets, out);
    const copy = runtime.tensor([rows, classes], { values: logits.data });
    crossEntropy(copy, targets, { losses: out.losses, gradient: copy });
    expect([...copy.data]).toEqual([...out.gradient.data]);
  });

  test("a target out of range is named", () => {
    const bad = runtime.tensor([rows], { type: "u32", values: new Array(rows).fill(classes) });
    expect(() => crossEntropy(logits, bad, outputs())).toThrow("targets[0]: got 11, expected a number below 11");
  });
});
