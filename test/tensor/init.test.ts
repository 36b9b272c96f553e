import { describe, expect, test } from "vitest";
import { orthonormalise } from "../../src/core/orthonormal.ts";
import * as init from "../../src/tensor/init.ts";
import { Random } from "../../src/tensor/random.ts";
import type { View } from "../../src/tensor/tensor.ts";
import { readGolden } from "../support/golden.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";

interface Rule {
  readonly std: number;
  readonly uniform_bound: number;
}

interface InitCase {
  readonly name: string;
  readonly shape: readonly number[];
  readonly fan_in: number;
  readonly fan_out: number;
  readonly lecun_normal_std: number;
  readonly torch_linear_default: { readonly weight_bound: number; readonly bias_bound: number };
  readonly orthogonal: { readonly flattened: readonly [number, number] };
  /** Rules under names such as "kaiming_fan_in_leaky_relu_a2.2361". */
  readonly [rule: `xavier_${string}` | `kaiming_${string}`]: Rule;
}

interface Golden {
  readonly gains: readonly { nonlinearity: string; param: number | null; gain: number }[];
  readonly cases: readonly InitCase[];
}

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];
const { gains, cases } = readGolden<Golden>("init/init");
const source = { seed: 11, name: "w" };

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** What an initialiser leaves in a tensor of that shape, as bits. */
function drawn(shape: readonly number[], fill: (tensor: View) => void, runtime = rt): number[] {
  const tensor = runtime.tensor(shape);
  fill(tensor);
  return [...bitsOf(tensor.data)];
}

test.each(gains)("the gain of $nonlinearity with $param is torch's", ({ nonlinearity, param, gain }) => {
  const name = camelCase(nonlinearity) as init.Nonlinearity;
  const ours = param === null ? init.calculateGain(name) : init.calculateGain(name, param);
  expect(Math.abs(ours - gain)).toBeLessThanOrEqual(1e-12 * gain);
});

describe.each(cases)("for weights $name", (golden) => {
  const { shape } = golden;
  /** Fills from what torch says the deviation and the bound are. */
  const expected = ({ std, uniform_bound: bound }: Rule) => [
    drawn(shape, (tensor) => init.normal(tensor, { ...source, deviation: std })),
    drawn(shape, (tensor) => init.uniform(tensor, { ...source, low: -bound, high: bound })),
  ];

  test("fans are torch's", () => {
    expect(init.fans(shape)).toEqual({ fanIn: golden.fan_in, fanOut: golden.fan_out });
  });

  test.each([
    ["1.0000", 1],
    ["1.4142", Math.SQRT2],
  ] as const)("Xavier's deviation and bound are torch's, gain %s", (key, gain) => {
    const ours = [init.xavierNormal, init.xavierUniform].map((fill) =>
      drawn(shape, (tensor) => fill(tensor, { ...source, gain })),
    );
    expect(ours).toEqual(expected(golden[`xavier_gain_${key}`]!));
  });

  const kaiming = Object.keys(golden).flatMap((key) => {
    const [, mode, nonlinearity, a] = key.match(/^kaiming_(fan_in|fan_out)_(\w+)_a([\d.]+)$/) ?? [];
    return mode ? [{ key, mode, nonlinearity: nonlinearity!, a: a === "2.2361" ? Math.sqrt(5) : Number(a) }] : [];
  });

  test.each(kaiming)("Kaiming's deviation and bound are torch's: $key", ({ key, mode, nonlinearity, a }) => {
    const options = { ...source, a, mode: camelCase(mode), nonlinearity: camelCase(nonlinearity) };
    const ours = [init.kaimingNormal, init.kaimingUniform].map((fill) =>
      drawn(shape, (tensor) => fill(tensor, options as init.KaimingOptions)),
    );
    expect(ours).toEqual(expected(golden[key as `kaiming_${string}`]!));
  });

  test("LeCun's normal and torch's own start of linear layers are Kaiming's", () => {
    expect(kaiming).toHaveLength(8);
    const lecun = { std: golden.lecun_normal_std, uniform_bound: golden.torch_linear_default.weight_bound };
    const ours = [
      drawn(shape, (tensor) => init.kaimingNormal(tensor, { ...source, nonlinearity: "linear" })),
      drawn(shape, (tensor) => init.kaimingUniform(tensor, { ...source, a: Math.sqrt(5) })),
    ];
    expect(ours).toEqual(expected(lecun));
  });

  test("orthogonal matrices are orthogonal, times the gain, flattened as torch does", () => {
    const [rows, columns] = golden.orthogonal.flattened;
    const tensor = rt.tensor(shape);
    init.orthogonal(tensor, { ...source, gain: 1.5 });
    const { data } = tensor;
    const wide = rows <= columns;
    const [count, length] = wide ? [rows, columns] : [columns, rows];
    const entry = (vector: number, i: number) => data[wide ? vector * columns + i : i * columns + vector]!;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += entry(a, i) * entry(b, i);
        // Elements are float32: each is within half an ulp of the orthogonal matrix's.
        expect(Math.abs(product - (a === b ? 1.5 ** 2 : 0))).toBeLessThanOrEqual(4 * 2 ** -24 * 1.5 ** 2);
      }
    }
  });
});

describe("orthonormalise", () => {
  const columns = (...vectors: number[][]) => Float64Array.from(vectors.flat());

  test("gives Q of A = Q R with a positive diagonal in R, whatever the signs in A", () => {
    // The second vector less its part along the first, (0.6, 0.8), is 2 (-0.8, 0.6).
    const vectors = columns([3, 4], [1 - 1.6 - 0.4, 2 + 1.2 - 1.2]);
    orthonormalise(vectors, 2);
    const expected = [0.6, 0.8, -0.8, 0.6];
    vectors.forEach((x, i) => {
      expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(4 * 2 ** -53);
    });
    const negative = columns([-3, 0, 0], [5, -2, 0], [1, 1, -1]);
    orthonormalise(negative, 3);
    expect([...negative].map((x) => Math.round(x * 2 ** 40) / 2 ** 40 + 0)).toEqual([-1, 0, 0, 0, -1, 0, 0, 0, -1]);
  });

  test("makes orthogonal what is nearly or wholly dependent", () => {
    const length = 5;
    const x = [1, 2, 3, 4, 5];
    const vectors = columns(x, x.with(0, 1 + 2 ** -40), x, [0, 0, 0, 0, 0]);
    orthonormalise(vectors, length);
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += vectors[a * length + i]! * vectors[b * length + i]!;
        expect(Math.abs(product - Number(a === b))).toBeLessThanOrEqual(16 * 2 ** -53);
      }
    }
  });

  test.each([
    [1, 1],
    [15, 15],
    [16, 17],
    [17, 17],
    [32, 33],
    [33, 40],
    [50, 301],
    [101, 101],
  ])("%i vectors of %i elements become orthogonal to 64 ulp, and Q^T A upper triangular", (count, length) => {
    const random = new Random(5, "vectors");
    const before = Float64Array.from({ length: count * length }, () => random.uniform() - 0.5);
    const after = before.slice();
    orthonormalise(after, length);
    const vectorsOf = (array: Float64Array) =>
      Array.from({ length: count }, (_, k) => array.subarray(k * length, (k + 1) * length));
    const product = (x: Float64Array, y: Float64Array) => x.reduce((sum, element, i) => sum + element * y[i]!, 0);
    const [a, q] = [vectorsOf(before), vectorsOf(after)];
    for (const [i, qi] of q.entries()) {
      for (let j = 0; j <= i; j++) {
        expect(Math.abs(product(qi, q[j]!) - Number(i === j))).toBeLessThanOrEqual(64 * 2 ** -53);
        if (j < i) expect(Math.abs(product(qi, a[j]!))).toBeLessThan(1e-13);
        else expect(product(qi, a[j]!)).toBeGreaterThan(0);
      }
    }
  });

  test("an orthogonal tensor is the factor of the normal one drawn under its name: Q^T A is upper triangular", () => {
    const [normal, orthogonal] = [rt.tensor([9, 6]), rt.tensor([9, 6])];
    init.normal(normal, source);
    init.orthogonal(orthogonal, source);
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let k = 0; k < 9; k++) product += orthogonal.data[k * 6 + i]! * normal.data[k * 6 + j]!;
        if (j < i) expect(Math.abs(product)).toBeLessThan(1e-6);
        else expect(product).toBeGreaterThan(0.1);
      }
    }
  });
});

test("constant, zeros, ones and eye are what they say", () => {
  const matrix = rt.tensor([2, 3], { values: [9, 9, 9, 9, 9, 9] });
  init.eye(matrix);
  expect([...matrix.data]).toEqual([1, 0, 0, 0, 1, 0]);
  init.constant(matrix, -2.5);
  expect([...matrix.data]).toEqual(Array(6).fill(-2.5));
  init.ones(matrix);
  expect([...matrix.data]).toEqual(Array(6).fill(1));
  init.zeros(matrix);
  expect([...matrix.data]).toEqual(Array(6).fill(0));
});

test("fans of another shape can count", () => {
  const narrow = drawn([4, 8], (tensor) => init.kaimingNormal(tensor, { ...source, fansOf: [4, 2] }));
  expect(narrow).toEqual(drawn([4, 8], (tensor) => init.normal(tensor, { ...source, deviation: 1 })));
  const square = drawn([4, 8], (tensor) => init.xavierNormal(tensor, { ...source, fansOf: [1, 1] }));
  expect(square).toEqual(drawn([4, 8], (tensor) => init.normal(tensor, { ...source, deviation: 1 })));
});

test("a transformer starts as GPT-2 does", () => {
  const params = rt.parameters({
    wte: { shape: [50, 8], role: "embedding" },
    "ln.weight": { shape: [8], role: "norm" },
    "ln.bias": [8],
    "mlp.up": [32, 8],
    "mlp.down": [8, 32],
  });
  for (const { data } of params) data.fill(9);
  init.gpt2(params, { seed: 11, residual: { layers: 8, where: ({ name }) => name.endsWith("down") } });
  for (const { name, shape, data } of params.where(({ ndim }) => ndim === 2)) {
    const deviation = name === "mlp.down" ? 0.005 : 0.02;
    expect([...bitsOf(data)]).toEqual(drawn(shape, (tensor) => init.normal(tensor, { seed: 11, name, deviation })));
  }
  expect([...params.get("ln.weight").data, ...params.get("ln.bias").data]).toEqual([
    ...Array(8).fill(1),
    ...Array(8).fill(0),
  ]);
  const before = params.get("mlp.up").data.slice();
  init.gpt2(params, { seed: 11 });
  expect(params.get("mlp.up").data).toEqual(before);
  const plain = drawn([8, 32], (tensor) => init.normal(tensor, { seed: 11, name: "mlp.down", deviation: 0.02 }));
  expect([...bitsOf(params.get("mlp.down").data)]).toEqual(plain);
  const residual = { layers: 0, where: () => true };
  expect(() => init.gpt2(params, { seed: 1, residual })).toThrow("residual.layers: got 0");
  expect(() => init.gpt2(params, { seed: 1, layers: 2 } as never)).toThrow("options.layers");
  expect(() => init.gpt2(params, { seed: -1 })).toThrow("seed: got -1");
  expect([...bitsOf(params.get("mlp.down").data)]).toEqual(plain);
});

const FILLS = {
  truncatedNormal: init.truncatedNormal,
  xavierUniform: init.xavierUniform,
  xavierNormal: init.xavierNormal,
  kaimingUniform: init.kaimingUniform,
  kaimingNormal: init.kaimingNormal,
  orthogonal: init.orthogonal,
};

test.each(Object.entries(FILLS))(
  "%s gives the same bits on every backend, others for another seed or name",
  (_, fill) => {
    const shape = [5, 3, 2, 2];
    const [first, ...others] = runtimes.map((runtime) => drawn(shape, (tensor) => fill(tensor, source), runtime));
    for (const other of others) expect(other).toEqual(first);
    expect(drawn(shape, (tensor) => fill(tensor, { ...source, seed: 12 }))).not.toEqual(first);
    expect(drawn(shape, (tensor) => fill(tensor, { ...source, name: "v" }))).not.toEqual(first);
  },
);

test("arguments are checked before anything is written", () => {
  const [matrix, vector] = [rt.tensor([2, 2]), rt.tensor([2])];
  const indices = rt.tensor([2, 2], { type: "u32" }) as unknown as View;
  expect(() => init.kaimingUniform(vector, source)).toThrow("shape: got [2], expected at least two axes");
  expect(() => init.orthogonal(vector, source)).toThrow("shape: got [2], expected at least two axes");
  expect(() => init.eye(vector)).toThrow("tensor: got [2], expected two axes");
  expect(() => init.ones(indices)).toThrow('tensor: got "a u32 tensor", expected a f32 tensor');
  expect(() => init.orthogonal(indices, source)).toThrow('tensor: got "a u32 tensor"');
  expect(() => init.constant(matrix, Number.NaN)).toThrow("value: got NaN");
  expect(() => init.kaimingNormal(matrix, { ...source, mode: "fan_in" as never })).toThrow('mode: got "fan_in"');
  expect(() => init.kaimingNormal(matrix, { ...source, nonlinearity: "gelu" as never })).toThrow('got "gelu"');
  expect(() => init.kaimingNormal(matrix, { ...source, gain: 2 } as never)).toThrow("options.gain");
  expect(() => init.xavierNormal(matrix, { ...source, gain: -1 })).toThrow("gain: got -1");
  expect(() => init.xavierNormal(matrix, { ...source, fansOf: [0, 1] })).toThrow("shape: got [0, 1]");
  expect(() => init.orthogonal(matrix, { ...source, gain: Infinity })).toThrow("gain: got Infinity");
  expect([...matrix.data, ...vector.data]).toEqual(Array(6).fill(0));
});
