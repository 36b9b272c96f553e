import { describe, expect, test } from "vitest";
import { causalAttention, causalAttentionBackward } from "../../../src/nn/functions/attention.ts";
import type { Runtime } from "../../../src/tensor/runtime.ts";
import type { View } from "../../../src/tensor/tensor.ts";
import { centralDifferences, drawn, expectSame, relativeError, weighted } from "../../support/differences.ts";
import { bitsOf, loadAll } from "../../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];

interface Shape {
  batch: number;
  context: number;
  heads: number;
  width: number;
}

function outputsOf({ batch, context, heads, width }: Shape, runtime = rt) {
  return { out: runtime.tensor([batch, context, heads * width]), stats: runtime.tensor([batch, heads, context, 2]) };
}

function packed({ batch, context, heads, width }: Shape, name: string, runtime = rt): View {
  return drawn(runtime, [batch, context, 3 * heads * width], name);
}

/** For each head: softmax(scale q k^T) v below the diagonal, in float64. */
function attention64(qkv: ArrayLike<number>, { batch, context, heads, width }: Shape, scale = 1 / Math.sqrt(width)) {
  const channels = heads * width;
  const out = new Array<number>(batch * context * channels).fill(0);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const at = (third: number, i: number, c: number) =>
        qkv[((b * context + i) * 3 + third) * channels + h * width + c]!;
      for (let i = 0; i < context; i++) {
        const scores = Array.from({ length: i + 1 }, (_, j) => {
          let s = 0;
          for (let c = 0; c < width; c++) s += at(0, i, c) * at(1, j, c);
          return scale * s;
        });
        const most = Math.max(...scores);
        const total = scores.reduce((sum, s) => sum + Math.exp(s - most), 0);
        for (const [j, s] of scores.entries()) {
          const p = Math.exp(s - most) / total;
          for (let c = 0; c < width; c++) out[(b * context + i) * channels + h * width + c]! += p * at(2, j, c);
        }
      }
    }
  }
  return out;
}

describe.each<Shape>([
  { batch: 2, context: 7, heads: 3, width: 5 },
  { batch: 1, context: 1, heads: 1, width: 1 },
  { batch: 1, context: 35, heads: 2, width: 3 },
])("context $context, $heads heads of width $width", (shape) => {
  const qkv = packed(shape, "qkv");

  test("forward agrees with float64", () => {
    const outputs = outputsOf(shape);
    causalAttention(qkv, outputs, { heads: shape.heads });
    expect(relativeError(outputs.out.data, attention64(qkv.data, shape))).toBeLessThan(1e-6);
  });

  test("backward agrees with central differences, with a scale of its own", () => {
    const outputs = outputsOf(shape);
    const options = { heads: shape.heads, scale: 0.8 };
    causalAttention(qkv, outputs, options);
    const dOut = drawn(rt, outputs.out.shape, "dOut");
    const dQkv = rt.tensor(qkv.shape);
    dQkv.data.fill(Number.NaN);
    causalAttentionBackward(qkv, outputs, dOut, dQkv, options);
    const objective = (x: number[]) => weighted(attention64(x, shape, 0.8), dOut.data);
    expect(relativeError(dQkv.data, centralDifferences(qkv.data, objective))).toBeLessThan(1e-5);
  });
});

test("over blocks and tiles, backends agree to the bit and forward with float64", () => {
  const shape = { batch: 2, context: 70, heads: 2, width: 16 };
  const results = runtimes.map((runtime) => {
    const qkv = packed(shape, "large", runtime);
    const outputs = outputsOf(shape, runtime);
    causalAttention(qkv, outputs, { heads: 2 });
    expect(relativeError(outputs.out.data, attention64(qkv.data, shape))).toBeLessThan(1e-6);
    const dQkv = runtime.tensor(qkv.shape);
    causalAttentionBackward(qkv, outputs, drawn(runtime, outputs.out.shape, "dOut"), dQkv, { heads: 2 });
    return [...bitsOf(outputs.out.data), ...bitsOf(dQkv.data)];
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

describe("properties", () => {
  const shape = { batch: 1, context: 40, heads: 2, width: 8 };
  const channels = 16;

  test("a row depends on no later one, to the bit", () => {
    const qkv = packed(shape, "causal");
    const before = outputsOf(shape);
    causalAttention(qkv, before, { heads: 2 });
    qkv.data.fill(3, 21 * 3 * channels);
    const after = outputsOf(shape);
    causalAttention(qkv, after, { heads: 2 });
    const until = 21 * channels;
    expectSame(after.out.data.subarray(0, until), before.out.data.subarray(0, until));
    expect(after.out.data[until + 1]).not.toBe(before.out.data[until + 1]);
  });

  test("scores of 1e6 overflow nothing: the largest takes all", () => {
    const qkv = packed(shape, "stable");
    qkv.data.forEach((x, at) => {
      const third = Math.floor(at / channels) % 3;
      if (third < 2) qkv.data[at] = 1e3 * x;
    });
    const outputs = outputsOf(shape);
    causalAttention(qkv, outputs, { heads: 2 });
    expect(relativeError(outputs.out.data, attention64(qkv.data, shape))).toBeLessThan(1e-3);
    const dQkv = rt.tensor(qkv.shape);
    causalAttentionBackward(qkv, outputs, drawn(rt, outputs.out.shape, "d"), dQkv, { heads: 2 });
    expect(dQkv.data.every(Number.isFinite)).toBe(true);
  });

  test("NaN in a query reaches its row alone, NaN in a value all rows from its four on", () => {
    const nanRows = (at: number) => {
      const qkv = packed(shape, "nan");
      qkv.data[at] = Number.NaN;
      const outputs = outputsOf(shape);
      causalAttention(qkv, outputs, { heads: 2 });
      return Array.from({ length: shape.context }, (_, i) => i).filter((i) =>
        outputs.out.data.subarray(i * channels, (i + 1) * channels).some(Number.isNaN),
      );
    };
    expect(nanRows(20 * 3 * channels)).toEqual([20]);
    const fromValue = nanRows((22 * 3 + 2) * channels);
    expect(fromValue).toEqual(Array.from({ length: 20 }, (_, i) => 20 + i));
  });

  test("bad arguments are named, and nothing is written", () => {
    const qkv = packed(shape, "bad");
    const outputs = outputsOf(shape);
    const run = (options: object) => () => causalAttention(qkv, outputs, options as { heads: number });
    expect(run({ heads: 0 })).toThrow("heads: got 0, expected a whole number in [1, inf)");
    expect(run({ heads: 3 })).toThrow("qkv: got [1, 40, 48], expected 3 x 3 heads of whole width");
    expect(run({ heads: 2, scale: 0 })).toThrow("scale: got 0");
    expect(run({ heads: 2, causal: false })).toThrow("attention.causal");
    expect(run({ heads: 4 })).toThrow("stats: got [1, 2, 40, 2], expected a f32 tensor of shape [1, 4, 40, 2]");
    expect(() => causalAttentionBackward(qkv, outputs, outputs.out, qkv, { heads: 2 })).toThrow(
      'dQkv: got "the same memory as qkv"',
    );
    expect(outputs.out.data.every((x) => x === 0)).toBe(true);
  });
});
