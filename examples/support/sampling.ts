/** Text from a trained model. */
import type { Network, Random, Runtime } from "simd-optim";
import { type Corpus, decode, printable } from "./corpus.ts";

export interface How {
  readonly length: number;
  readonly context: number;
  readonly temperature: number;
  readonly random: Random;
}

/** Continues `prompt` by `length` characters, each drawn from what the model makes of the last `context`. */
export function sample(runtime: Runtime, network: Network, prompt: Iterable<number>, how: How): number[] {
  const { length, context, temperature, random } = how;
  const text = [...prompt];
  const start = text.length;
  while (text.length < start + length) {
    const seen = text.slice(-context);
    using x = runtime.tensor([1, seen.length], { type: "u32", values: seen });
    const { data, shape } = network.forward(x, { training: false });
    // Of a model that predicts after each character, the last prediction.
    text.push(draw(data.subarray(-shape.at(-1)!), temperature, random));
  }
  return text.slice(start);
}

/** What a model wrote, to be shown. */
export interface Written {
  readonly prompt: string;
  readonly continuation: string;
}

export function writtenOf(corpus: Corpus, prompt: Iterable<number>, continuation: Iterable<number>): Written {
  return { prompt: printable(decode(corpus, prompt)), continuation: printable(decode(corpus, continuation)) };
}

/** An index drawn from softmax(logits / temperature). */
export function draw(logits: Float32Array, temperature: number, random: Random): number {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  let left = random.uniform() * weights.reduce((a, b) => a + b);
  let chosen = 0;
  while (chosen < weights.length - 1 && left >= weights[chosen]!) left -= weights[chosen++]!;
  return chosen;
}
