import type { Base } from "#wasm/kernels.js";
import { checkInteger, checkKeys, checkNumber, checkText, refuse } from "../core/check.ts";
import { normalTail } from "../core/real.ts";
import { philox } from "../kernels/reference/random.ts";
import { advanced, bytesOf } from "../memory/elementType.ts";
import { engineOf, type View } from "./tensor.ts";

/** A place in the space of random numbers: a seed, and a name for what is drawn, so that order does not matter. */
export interface Source {
  /** A whole number from 0 that is a safe integer. */
  seed: number;
  /** What is drawn, such as the name of the parameter. */
  name: string;
}

interface Key {
  key0: number;
  key1: number;
  stream0: number;
  stream1: number;
}

/** FNV-1a over UTF-16 code units, from a given start. */
function hash(text: string, start: number): number {
  let h = start;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** @internal The key and stream of a source, for kernels that draw their own bits. */
export function keyOf({ seed, name }: Source): Key {
  checkInteger("seed", seed, `[0, ${Number.MAX_SAFE_INTEGER}]`);
  checkText("name", name);
  return {
    key0: seed >>> 0,
    key1: Math.floor(seed / 2 ** 32),
    stream0: hash(name, 0x811c9dc5),
    stream1: hash(name, 0x9e3779b9),
  };
}

/** Fills a tensor with random bits, and returns the kernels that make samples of them. */
function drawBits(tensor: View, source: Source): Base {
  const { unchecked } = engineOf("tensor", tensor);
  const { key0, key1, stream0, stream1 } = keyOf(source);
  unchecked.randomBits(tensor.pointer, tensor.size, 0, key0, key1, stream0, stream1);
  return unchecked;
}

/** The keys of a source, and those of the options beside it. */
const sourceAnd = (...keys: string[]) => ["seed", "name", ...keys];

/** Fills with uniform samples of [low, high): low + (high - low) u, where u has 24 random bits. */
export function uniform(tensor: View, options: Source & { low?: number; high?: number }): void {
  checkKeys("uniform", options, sourceAnd("low", "high"));
  const { low = 0, high = 1 } = options;
  checkNumber("low", low, "(-inf, inf)");
  checkNumber("high", high, "(-inf, inf)");
  drawBits(tensor, options).uniformFromBits(tensor.pointer, tensor.size, low, high - low);
}

/** Fills with normal samples, by inversion of 32 random bits each (no sample is farther than 6.4 deviations out). */
export function normal(tensor: View, options: Source & { mean?: number; deviation?: number }): void {
  checkKeys("normal", options, sourceAnd("mean", "deviation"));
  const { mean = 0, deviation = 1 } = options;
  checkNumber("mean", mean, "(-inf, inf)");
  checkNumber("deviation", deviation, "[0, inf)");
  drawBits(tensor, options).normalFromBits(tensor.pointer, tensor.size, mean, deviation);
}

/** Elements drawn at a time: they stay in the first cache until they are added. */
const BATCH = 4096;

/** Adds normal samples of mean 0: what `normal` would fill with, beside what is there. */
export function addNormal(tensor: View, { deviation = 1, ...source }: Source & { deviation?: number }): void {
  const engine = engineOf("tensor", tensor);
  checkNumber("deviation", deviation, "[0, inf)");
  const { key0, key1, stream0, stream1 } = keyOf(source);
  const { unchecked } = engine;
  const samples = engine.region("samples", bytesOf("f32", Math.min(BATCH, tensor.size)));
  for (let first = 0; first < tensor.size; first += BATCH) {
    const n = Math.min(BATCH, tensor.size - first);
    unchecked.randomBits(samples, n, first, key0, key1, stream0, stream1);
    unchecked.normalFromBits(samples, n, 0, deviation);
    unchecked.axpy(samples, advanced(tensor.pointer, first), n, 1);
  }
}

/**
 * Fills with normal samples of the given mean and deviation among those in [low, high], by inversion as in `normal`,
 * which it equals bit for bit if both ends are infinite. As in torch's trunc_normal_, the ends are absolute, not counted
 * in deviations; unlike there, an interval more than 2 deviations from the mean is refused and not only warned of. One
 * much narrower than the deviation is filled in steps, of about 2e-7 deviations around the mean.
 */
export function truncatedNormal(
  tensor: View,
  options: Source & { mean?: number; deviation?: number; low?: number; high?: number },
): void {
  checkKeys("truncatedNormal", options, sourceAnd("mean", "deviation", "low", "high"));
  const { mean = 0, deviation = 1, low = -2, high = 2 } = options;
  checkNumber("mean", mean, "(-inf, inf)");
  checkNumber("deviation", deviation, "(0, inf)");
  checkNumber("low", low, `[-inf, ${mean + 2 * deviation}]`);
  checkNumber("high", high, `[${mean - 2 * deviation}, inf]`);
  if (high <= low) refuse("high", high, `a number above low, ${low}`);
  const below = normalTail((mean - low) / deviation);
  const above = normalTail((high - mean) / deviation);
  const { truncatedNormalFromBits } = drawBits(tensor, options);
  truncatedNormalFromBits(tensor.pointer, tensor.size, mean, deviation, below, 1 - below - above, above, low, high);
}

/** A place in a stream of random words. */
export interface RandomState extends Source {
  /** Words drawn so far. */
  readonly position: number;
}

/** The same stream of random words, one at a time, for code outside linear memory. */
export class Random {
  #source: Source;
  #key: Key;
  /** The words of the block that was drawn from last. */
  #words: readonly number[] = [];
  #block = -1;
  /** How many words have been drawn; set it to go anywhere in the stream. */
  position = 0;

  constructor(seed: number, name = "") {
    this.#source = { seed, name };
    this.#key = keyOf(this.#source);
  }

  /** The state as plain data; see `Stateful`. */
  stateDict(): RandomState {
    return { ...this.#source, position: this.position };
  }

  /** Goes on where another stream was saved, whatever seed and name this one had. */
  loadStateDict(saved: RandomState): void {
    const { seed, name, position } = saved ?? {};
    checkText("state.name", name);
    checkInteger("state.position", position, `[0, ${Number.MAX_SAFE_INTEGER}]`);
    this.#key = keyOf({ seed, name });
    this.#source = { seed, name };
    this.position = position;
    this.#block = -1;
  }

  /** 32 random bits. */
  bits(): number {
    const block = Math.floor(this.position / 4) >>> 0;
    const word = this.position % 4;
    if (block !== this.#block) {
      const { key0, key1, stream0, stream1 } = this.#key;
      this.#words = philox([block, 0, stream0, stream1], key0, key1);
      this.#block = block;
    }
    this.position++;
    return this.#words[word]!;
  }

  /** A uniform number in [0, 1). */
  uniform(): number {
    return this.bits() / 2 ** 32;
  }

  /** A whole number in [0, bound), each as likely as the next to within bound / 2^32. */
  below(bound: number): number {
    checkInteger("bound", bound, "[1, 4294967296]");
    return Math.floor(this.uniform() * bound);
  }
}
