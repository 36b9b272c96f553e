/** A text as the model sees it: numbers for characters, split into a part to learn from and a part held out. */
import { createHash } from "node:crypto";
import { BAD_INPUT, Failure } from "./failure.ts";
import type { Text } from "./text.ts";

/** Stands for every character that is not in the vocabulary. */
const REPLACEMENT = "\ufffd";
const LARGEST_VOCABULARY = 256;
const FEWEST_CHARACTERS = 200;
const HELD_OUT_FRACTION = 0.1;

export interface Corpus {
  readonly title: string;
  /** The character of each number, most frequent first. */
  readonly vocabulary: readonly string[];
  /** Distinct characters of the text; more than the vocabulary holds if that was capped. */
  readonly distinct: number;
  /** Characters of the text that became the replacement character. */
  readonly replaced: number;
  readonly train: Uint32Array;
  /** The last tenth of the text, which is never trained on. */
  readonly heldOut: Uint32Array;
}

/** Tells texts apart, as the model sees them. */
export function digestOf({ vocabulary, train, heldOut }: Corpus): string {
  const hash = createHash("sha256").update(JSON.stringify(vocabulary));
  for (const part of [train, heldOut]) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}

/** Numbers the characters (Unicode code points) of a text. */
export function encode({ title, content }: Text): Corpus {
  const counts = new Map<string, number>();
  let length = 0;
  for (const character of content) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
    length++;
  }
  if (counts.size < 2) {
    throw new Failure(`${title}: nothing to learn: the text has only one distinct character`, BAD_INPUT);
  }
  if (length < FEWEST_CHARACTERS) {
    throw new Failure(`${title}: too short: ${length} characters, at least ${FEWEST_CHARACTERS} needed`, BAD_INPUT);
  }
  const vocabulary = mostFrequent(counts);
  const numbers = new Map(vocabulary.map((character, i) => [character, i]));
  const other = numbers.get(REPLACEMENT) ?? 0;
  const ids = new Uint32Array(length);
  let position = 0;
  let replaced = 0;
  for (const character of content) {
    const id = numbers.get(character);
    if (id === undefined) replaced++;
    ids[position++] = id ?? other;
  }
  const trained = length - Math.ceil(HELD_OUT_FRACTION * length);
  return {
    title,
    vocabulary,
    distinct: counts.size,
    replaced,
    train: ids.subarray(0, trained),
    heldOut: ids.subarray(trained),
  };
}

/** All characters by falling frequency, or as many of them as fit beside the replacement character. */
function mostFrequent(counts: ReadonlyMap<string, number>): string[] {
  const byFrequency = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([character]) => character);
  if (byFrequency.length <= LARGEST_VOCABULARY) return byFrequency;
  const kept = byFrequency.filter((character) => character !== REPLACEMENT).slice(0, LARGEST_VOCABULARY - 1);
  return [...kept, REPLACEMENT];
}

/** The loss, in nats per character, of a model that knows how frequent each character is and nothing else. */
export function frequencyLoss({ train, vocabulary }: Corpus): number {
  const counts = new Float64Array(vocabulary.length);
  for (const id of train) counts[id]!++;
  return counts.reduce((sum, n) => (n === 0 ? sum : sum - (n / train.length) * Math.log(n / train.length)), 0);
}

/** The characters of a list of numbers. */
export function decode({ vocabulary }: Corpus, ids: Iterable<number>): string {
  return Array.from(ids, (id) => vocabulary[id]!).join("");
}

/** A text that is safe to show: control characters, which could move a terminal's cursor, are replaced. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, REPLACEMENT);
}
