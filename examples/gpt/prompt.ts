import type { Corpus } from "../support/corpus.ts";
import { BAD_INPUT, Failure } from "../support/failure.ts";

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
