/** The elementary functions against float64, over a dense sweep of every exponent. */
import { expect, test } from "vitest";
import { nn } from "../../src/kernels/nn.ts";
import { load } from "../../src/tensor/runtime.ts";

const MANTISSAS = 1 << 14;

/** 16384 spread mantissas (both ends among them) for every sign and exponent: subnormals to the largest. */
function sweep(): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(2 * 255 * MANTISSAS);
  let i = 0;
  for (const sign of [0, 0x80000000]) {
    for (let exponent = 0; exponent < 255; exponent++) {
      for (let m = 0; m < MANTISSAS; m++)
        words[i++] = sign + exponent * 0x800000 + Math.round((m * 0x7fffff) / (MANTISSAS - 1));
    }
  }
  return new Float32Array(words.buffer);
}

/** The distance between neighbouring float32 numbers around x. */
function ulp(x: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -126);
  return 2 ** (exponent - 23);
}

function largestError(
  ours: Float32Array,
  xs: Float32Array,
  truth: (x: number) => number,
): { ulps: number; at: number } {
  let worst = { ulps: 0, at: 0 };
  xs.forEach((x, i) => {
    const exact = truth(x);
    if (Math.fround(exact) === ours[i] || (Number.isNaN(exact) && Number.isNaN(ours[i]!))) return;
    const ulps = Math.abs(exact - ours[i]!) / ulp(exact);
    if (!(ulps <= worst.ulps)) worst = { ulps, at: x };
  });
  return worst;
}

const runtime = await load();
const kernels = { ...runtime.unchecked, ...nn.of(runtime) };
const xs = sweep();
const x = runtime.tensor([xs.length], { values: xs });
const y = runtime.tensor([xs.length]);

test.each([
  ["exp", Math.exp, 1],
  ["log", Math.log, 1],
  ["sigmoid", (x: number) => (x < -88.7228394 ? 0 : 1 / (1 + Math.exp(-x))), 3],
  ["tanh", Math.tanh, 2],
] as const)("%s over every exponent", (name, truth, bound) => {
  kernels[name](x.pointer, y.pointer, x.size);
  const { ulps, at } = largestError(y.data, xs, truth);
  expect(ulps, `at ${at}`).toBeLessThanOrEqual(bound);
});

test.each([
  ["exp", [0, 1], [-0, 1], [Infinity, Infinity], [-Infinity, 0], [89, Infinity], [-104, 0], [Number.NaN, Number.NaN]],
  ["log", [1, 0], [0, -Infinity], [-0, -Infinity], [Infinity, Infinity], [-1, Number.NaN], [Number.NaN, Number.NaN]],
  ["sigmoid", [0, 0.5], [-0, 0.5], [Infinity, 1], [-Infinity, 0], [Number.NaN, Number.NaN]],
  ["tanh", [0, 0], [-0, -0], [Infinity, 1], [-Infinity, -1], [Number.NaN, Number.NaN]],
] as [name: "exp" | "log" | "sigmoid" | "tanh", ...pairs: [number, number][]][])(
  "%s at its special values",
  (name, ...pairs) => {
    for (const [argument, value] of pairs) {
      const cell = runtime.tensor([1], { values: [argument] });
      kernels[name](cell.pointer, cell.pointer, 1);
      expect(cell.data[0], `${name}(${argument})`).toBe(value);
    }
  },
);
