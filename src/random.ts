import { checkInteger, checkNumber } from "./check.ts";
import { philox } from "./reference/random.ts";
import { checkView, type View } from "./tensor.ts";

/** A place in the space of random numbers: a seed, and a name for what is drawn, so that order does not matter. */
export interface Source {
  seed: number;
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
  return {
    key0: seed >>> 0,
    key1: Math.floor(seed / 2 ** 32),
    stream0: hash(name, 0x811c9dc5),
    stream1: hash(name, 0x9e3779b9),
  };
}

function drawBits(tensor: View, source: Source): void {
  checkView("tensor", tensor, tensor.engine, "f32");
  const { key0, key1, stream0, stream1 } = keyOf(source);
  tensor.engine.unchecked.randomBits(tensor.pointer, tensor.size, 0, key0, key1, stream0, stream1);
}

/** Fills with uniform samples of [low, high): low + (high - low) u, where u has 24 random bits. */
export function uniform(
  tensor: View,
  { low = 0, high = 1, ...source }: Source & { low?: number; high?: number },
): void {
  checkNumber("low", low, "(-inf, inf)");
  checkNumber("high", high, "(-inf, inf)");
  drawBits(tensor, source);
  tensor.engine.unchecked.uniformFromBits(tensor.pointer, tensor.size, low, high - low);
}

/** Fills with normal samples, by inversion of 32 random bits each (no sample is farther than 6.4 deviations out). */
export function normal(
  tensor: View,
  { mean = 0, deviation = 1, ...source }: Source & { mean?: number; deviation?: number },
): void {
  checkNumber("mean", mean, "(-inf, inf)");
  checkNumber("deviation", deviation, "[0, inf)");
  drawBits(tensor, source);
  tensor.engine.unchecked.normalFromBits(tensor.pointer, tensor.size, mean, deviation);
}

/** The same stream of random words, one at a time, for code outside linear memory. */
export class Random {
  readonly #key: Key;
  /** The words of the block that was drawn from last. */
  #words: readonly number[] = [];
  #block = -1;
  /** How many words have been drawn; set it to go anywhere in the stream. */
  position = 0;

  constructor(seed: number, name = "") {
    this.#key = keyOf({ seed, name });
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
