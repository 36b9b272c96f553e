import { describe, expect, test } from "vitest";
import { normal, Random, uniform } from "../src/random.ts";
import { philox } from "../src/reference/random.ts";
import { loadAll } from "./support/runtimes.ts";

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
const COUNT = 1 << 20;

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

test("a million uniform samples pass Kolmogorov's test at 0.1 % and stay in range", () => {
  const tensor = runtime.tensor([COUNT]);
  uniform(tensor, { seed: 3, name: "u", low: -1, high: 3 });
  expect(kolmogorov(tensor.data, (x) => (x + 1) / 4)).toBeLessThan(1.95 / Math.sqrt(COUNT));
  expect(tensor.data.every((x) => x >= -1 && x < 3)).toBe(true);
});

test("a million normal samples pass Kolmogorov's test at 0.1 %", () => {
  const tensor = runtime.tensor([COUNT]);
  normal(tensor, { seed: 4, name: "z" });
  expect(kolmogorov(tensor.data, phi)).toBeLessThan(1.95 / Math.sqrt(COUNT));
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
