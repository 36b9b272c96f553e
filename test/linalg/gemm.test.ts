import { describe, expect, test } from "vitest";
import { gemm } from "../../src/linalg/gemm.ts";
import { normal, Random } from "../../src/tensor/random.ts";
import { loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];

/** op(a) op(b) in float64, and the same over magnitudes, which bounds the error. */
function product(
  a: Float32Array,
  b: Float32Array,
  m: number,
  n: number,
  k: number,
  transposeA: boolean,
  transposeB: boolean,
) {
  const value = new Float64Array(m * n);
  const magnitude = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const left = a[transposeA ? l * m + i : i * k + l]!;
      for (let j = 0; j < n; j++) {
        const term = left * b[transposeB ? j * k + l : l * n + j]!;
        value[i * n + j]! += term;
        magnitude[i * n + j]! += Math.abs(term);
      }
    }
  }
  return { value, magnitude };
}

const sizes = [
  [1, 1, 1],
  [4, 8, 16],
  [5, 9, 3],
  [3, 1, 300],
  [129, 17, 257],
  [33, 520, 40],
  [64, 64, 64],
] as const;
const transposes = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

describe.each(runtimes)("gemm on $backend", (runtime) => {
  describe.each(transposes)("transposeA %s, transposeB %s", (transposeA, transposeB) => {
    test.each(sizes)("%i x %i x %i is within k roundings of the float64 product", (m, n, k) => {
      const a = runtime.tensor(transposeA ? [k, m] : [m, k]);
      const b = runtime.tensor(transposeB ? [n, k] : [k, n]);
      const c = runtime.tensor([m, n]);
      normal(a, { seed: 1, name: "a" });
      normal(b, { seed: 1, name: "b" });
      normal(c, { seed: 1, name: "c" });
      const old = c.data.slice();
      gemm(a, b, c, { transposeA, transposeB, alpha: 0.5, beta: -2 });
      const { value, magnitude } = product(a.data, b.data, m, n, k, transposeA, transposeB);
      const u = 2 ** -24;
      const { data } = c;
      const off = [...value.keys()].filter((i) => {
        const bound = (k + 3) * u * (0.5 * magnitude[i]! + 2 * Math.abs(old[i]!));
        return !(Math.abs(data[i]! - (0.5 * value[i]! - 2 * old[i]!)) <= bound);
      });
      expect(off).toEqual([]);
    });
  });

  test("beta = 0 does not read c", () => {
    const a = runtime.tensor([1, 1], { values: [2] });
    const c = runtime.tensor([1, 1], { values: [Number.NaN] });
    gemm(a, a, c);
    expect(c.data[0]).toBe(4);
  });

  test("NaN and infinity stay in their rows and columns", () => {
    const a = runtime.tensor([5, 6]);
    const b = runtime.tensor([6, 9]);
    const c = runtime.tensor([5, 9]);
    a.data.fill(1);
    b.data.fill(1);
    a.data[4 * 6] = Number.NaN;
    b.data[8] = Infinity;
    gemm(a, b, c);
    c.data.forEach((x, i) => {
      const expected = i >= 36 ? Number.NaN : i % 9 === 8 ? Infinity : 6;
      expect(x).toBe(expected);
    });
  });
});

test("repeated products allocate nothing more", () => {
  const a = rt.tensor([40, 40]);
  const c = rt.tensor([40, 40]);
  gemm(a, a, c);
  const { used } = rt.heap;
  const random = new Random(1);
  for (let i = 0; i < 100; i++) gemm(a, a, c, { alpha: random.uniform() });
  expect(rt.heap.used).toBe(used);
});

test("shapes, tensors and numbers are checked before anything is written", () => {
  const [a, b, c] = [rt.tensor([2, 3]), rt.tensor([3, 4]), rt.tensor([2, 4], { values: [1, 2, 3, 4, 5, 6, 7, 8] })];
  expect(() => gemm(a, b, c, { transposeB: true })).toThrow("b: got [3, 4], expected 3 rows after transposition");
  expect(() => gemm(a, b, rt.tensor([2, 3]))).toThrow("c: got [2, 3], expected shape [2, 4]");
  expect(() => gemm(rt.tensor([6]), b, c)).toThrow("a: got [6], expected two axes");
  expect(() => gemm(runtimes[1]!.tensor([2, 3]), b, c)).toThrow(expect.objectContaining({ code: "FOREIGN_RUNTIME" }));
  expect(() => gemm(a, b, c, { alpha: Number.NaN })).toThrow("alpha: got NaN");
  const square = rt.tensor([2, 2]);
  expect(() => gemm(square, square, square)).toThrow('c: got "the same memory as a", expected memory apart from a');
  expect([...c.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});
