import { describe, expect, test } from "vitest";
import { normalTail } from "../../src/core/real.ts";
import { philox } from "../../src/kernels/reference/random.ts";
import { normal, Random, truncatedNormal, uniform } from "../../src/tensor/random.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";
import { swept } from "../support/sweep.ts";

const runtimes = await loadAll();
const ONES = 0xffffffff;

/** Known answers for Philox4x32-10 from the Random123 distribution (kat_vectors). */
const VECTORS = [
  { counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  { counter: [ONES, ONES, ONES, ONES], key: [ONES, ONES], words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
] as const;

test.each(VECTORS)("Philox4x32-10 gives the published words for counter $counter", ({ counter, key, words }) => {
  expect(philox([...counter], key[0], key[1])).toEqual([...words]);
});

describe.each(runtimes)("on $backend", (runtime) => {
  test("the kernel gives the words of the blocks, from any element on", () => {
    const words = runtime.tensor([11], { type: "u32" });
    const first = 6;
    runtime.kernels.randomBits(words.pointer, 11, first, 7, 8, 9, 10);
    const expected = Array.from(
      { length: 11 },
      (_, i) => philox([Math.floor((first + i) / 4), 0, 9, 10], 7, 8)[(first + i) % 4],
    );
    expect([...words.data]).toEqual(expected);
  });

  test("the published vector with counter and key 0 comes out of the kernel", () => {
    const words = runtime.tensor([4], { type: "u32" });
    runtime.kernels.randomBits(words.pointer, 4, 0, 0, 0, 0, 0);
    expect([...words.data]).toEqual(VECTORS[0].words);
  });

  test("a tensor's samples depend on seed and name, not on what was drawn before", () => {
    const [a, b, c] = [runtime.tensor([100]), runtime.tensor([100]), runtime.tensor([100])];
    normal(a, { seed: 1, name: "w" });
    uniform(c, { seed: 1, name: "v" });
    normal(b, { seed: 1, name: "w" });
    expect([...b.data]).toEqual([...a.data]);
    normal(b, { seed: 2, name: "w" });
    expect([...b.data]).not.toEqual([...a.data]);
  });
});

const [runtime] = runtimes as [(typeof runtimes)[0]];
const COUNT = swept(1 << 20, 1 << 17);

/** The largest gap between the samples' distribution and `cdf`: Kolmogorov's statistic. */
function kolmogorov(samples: Float32Array, cdf: (x: number) => number): number {
  const sorted = samples.slice().sort();
  return sorted.reduce(
    (most, x, i) => Math.max(most, Math.abs(cdf(x) - i / COUNT), Math.abs(cdf(x) - (i + 1) / COUNT)),
    0,
  );
}

/** The standard normal distribution function, by the series of Phi around 0 (float64, |x| < 7). */
function phi(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

test("uniform samples pass Kolmogorov's test at 0.1 % and stay in range", () => {
  const tensor = runtime.tensor([COUNT]);
  uniform(tensor, { seed: 3, name: "u", low: -1, high: 3 });
  expect(kolmogorov(tensor.data, (x) => (x + 1) / 4)).toBeLessThan(1.95 / Math.sqrt(COUNT));
  expect(tensor.data.every((x) => x >= -1 && x < 3)).toBe(true);
});

test("normal samples pass Kolmogorov's test at 0.1 %", () => {
  const tensor = runtime.tensor([COUNT]);
  normal(tensor, { seed: 4, name: "z" });
  expect(kolmogorov(tensor.data, phi)).toBeLessThan(1.95 / Math.sqrt(COUNT));
});

/** Tails of the standard normal distribution, rounded from mpmath's with 30 digits. */
const TAILS = [
  [0, 0.5],
  [0.1, 0.460172162722971],
  [0.5, 0.3085375387259869],
  [1, 0.15865525393145705],
  [1.9, 0.028716559816001807],
  [2, 0.02275013194817921],
  [2.1, 0.017864420562816553],
  [3, 0.0013498980316300946],
  [5, 2.866515718791939e-7],
  [8, 6.220960574271784e-16],
  [12, 1.776482112077679e-33],
  [20, 2.7536241186062337e-89],
  [37, 5.725571222524577e-300],
  [-1, 0.8413447460685429],
  [-3, 0.9986501019683699],
  [Infinity, 0.0],
  [-Infinity, 1.0],
] as const;

test.each(TAILS)("the normal tail beyond %d is right to the bound it states", (x, tail) => {
  const bound = x > 2 ? (8 + x * x) * 2 ** -53 * tail : 2 ** -52;
  expect(Math.abs(normalTail(x) - tail)).toBeLessThanOrEqual(bound || 0);
});

const TRUNCATIONS = [
  {},
  { mean: 0.5, deviation: 2, low: -3, high: 1 },
  { deviation: 0.02 },
  { mean: -1, deviation: 0.5, low: 0, high: Infinity },
  { mean: 1, deviation: 1, low: -Infinity, high: -1 },
];

test.each(TRUNCATIONS)("truncated normal samples pass Kolmogorov's test at 0.1 %% and stay in range: %o", (options) => {
  const tensor = runtime.tensor([COUNT]);
  truncatedNormal(tensor, { seed: 6, name: "t", ...options });
  const { mean, deviation, low, high } = { mean: 0, deviation: 1, low: -2, high: 2, ...options };
  const cdf = (x: number) => normalTail((mean - x) / deviation);
  const [start, end] = [cdf(low), cdf(high)];
  expect(kolmogorov(tensor.data, (x) => (cdf(x) - start) / (end - start))).toBeLessThan(1.95 / Math.sqrt(COUNT));
  expect(tensor.data.every((x) => x >= low && x <= high)).toBe(true);
});

test("a normal distribution truncated at infinity is that of `normal`, bit for bit", () => {
  const [truncated, whole] = [runtime.tensor([4096]), runtime.tensor([4096])];
  truncatedNormal(truncated, { seed: 5, name: "q", mean: 1, deviation: 3, low: -Infinity, high: Infinity });
  normal(whole, { seed: 5, name: "q", mean: 1, deviation: 3 });
  expect(bitsOf(truncated.data)).toEqual(bitsOf(whole.data));
});

test("normal samples are quantiles of their words: Phi(z) gives the word back to 2 parts in a million", () => {
  const bits = runtime.tensor([4096], { type: "u32" });
  const z = runtime.tensor([4096]);
  normal(z, { seed: 5, name: "q" });
  runtime.kernels.randomBits(bits.pointer, 4096, 0, 5, 0, ...streamOf("q"));
  bits.data.forEach((word, i) => {
    const tail = ((word >>> 1) + 0.5) / 2 ** 32;
    const ours = phi(-Math.abs(z.data[i]!));
    expect(Math.abs(ours - tail) / tail).toBeLessThan(2e-6 * (1 + z.data[i]! ** 2));
    expect(z.data[i]! <= 0).toBe((word & 1) === 1);
  });
});

/** The stream that a name stands for, seen through the generator. */
function streamOf(name: string): [number, number] {
  const fnv = (start: number) =>
    [...name].reduce((h, letter) => Math.imul(h ^ letter.charCodeAt(0), 0x01000193), start) >>> 0;
  return [fnv(0x811c9dc5), fnv(0x9e3779b9)];
}

test("Random gives the same stream one word at a time, from any position", () => {
  const words = runtime.tensor([9], { type: "u32" });
  runtime.kernels.randomBits(words.pointer, 9, 0, 6, 0, ...streamOf("host"));
  const random = new Random(6, "host");
  expect(Array.from({ length: 9 }, () => random.bits())).toEqual([...words.data]);
  random.position = 3;
  expect(random.bits()).toBe(words.data[3]);
});

test("arguments are checked", () => {
  const tensor = runtime.tensor([2]);
  expect(() => new Random(-1)).toThrow("seed: got -1, expected a whole number in [0, 9007199254740991]");
  expect(() => normal(tensor, { seed: 1, name: "a", deviation: -1 })).toThrow("deviation: got -1");
  expect(() => uniform(tensor, { seed: 1.5, name: "a" })).toThrow("seed: got 1.5");
  expect(() => uniform(tensor, { seed: 1 } as never)).toThrow("name: got undefined, expected text");
  const source = { seed: 1, name: "a" };
  expect(() => truncatedNormal(tensor, { ...source, deviation: 0 })).toThrow("deviation: got 0");
  expect(() => truncatedNormal(tensor, { ...source, low: 3 })).toThrow("low: got 3, expected a number in [-inf, 2]");
  expect(() => truncatedNormal(tensor, { ...source, high: -3 })).toThrow(
    "high: got -3, expected a number in [-2, inf]",
  );
  expect(() => truncatedNormal(tensor, { ...source, low: 1, high: 1 })).toThrow(
    "high: got 1, expected a number above low",
  );
  expect([...tensor.data]).toEqual([0, 0]);
  expect(() => new Random(1).below(0)).toThrow("bound: got 0");
});

test("a stream goes on where another was saved, whatever its own seed and name", () => {
  const random = new Random(2 ** 40 + 3, "data order");
  for (let i = 0; i < 5; i++) random.bits();
  const other = new Random(1, "other");
  other.bits();
  other.loadStateDict(JSON.parse(JSON.stringify(random.stateDict())));
  for (let i = 0; i < 9; i++) expect(other.bits()).toBe(random.bits());
  expect(other.stateDict()).toEqual({ seed: 2 ** 40 + 3, name: "data order", position: 14 });
  for (const bad of [{ seed: -1 }, { name: 3 }, { position: 0.5 }, { position: -1 }]) {
    const state = { ...random.stateDict(), ...bad } as ReturnType<typeof random.stateDict>;
    expect(() => other.loadStateDict(state)).toThrow(/: got .*, expected /);
  }
  expect(() => other.loadStateDict(null as never)).toThrow("state.name: got undefined");
  expect(other.bits()).toBe(random.bits());
});
