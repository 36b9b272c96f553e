/** Text from a trained model. */
import type { Network, Random, Runtime } from "simd-optim";
import type { Corpus } from "../charlm/corpus.ts";
import { BAD_INPUT, Failure } from "../charlm/failure.ts";
import { draw } from "../charlm/sampling.ts";

/** The numbers of the characters of a prompt. */
export function encodePrompt({ vocabulary, title }: Corpus, prompt: string): number[] {
  const characters = [...prompt];
  if (characters.length === 0) throw new Failure("--prompt: it is empty", BAD_INPUT);
  return characters.map((character) => {
    const id = vocabulary.indexOf(character);
    if (id < 0) throw new Failure(`--prompt: ${JSON.stringify(character)} does not occur in ${title}`, BAD_INPUT);
    return id;
  });
}

export interface How {
  readonly length: number;
  readonly context: number;
  readonly temperature: number;
  readonly random: Random;
}

/** Continues `prompt` by `length` characters, each drawn from what the model makes of the last `context`. */
export function sample(runtime: Runtime, network: Network, prompt: readonly number[], how: How): number[] {
  const { length, context, temperature, random } = how;
  const text = [...prompt];
  while (text.length < prompt.length + length) {
    const seen = text.slice(-context);
    using x = runtime.tensor([1, seen.length], { type: "u32", values: seen });
    const { data, size } = network.forward(x, { training: false });
    text.push(draw(data.subarray(size - size / seen.length), temperature, random));
  }
  return text.slice(prompt.length);
}
