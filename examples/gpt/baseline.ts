import type { Corpus } from "../support/corpus.ts";

/**
 * The held-out loss, in nats per character, of knowing how often each character follows each other one: frequencies of
 * pairs in the training text, with one more of each so that none is impossible.
 */
export function pairLoss({ train, heldOut, vocabulary: { length: size } }: Corpus): number {
  const pairs = new Float64Array(size * size).fill(1);
  const firsts = new Float64Array(size).fill(size);
  for (let i = 1; i < train.length; i++) {
    pairs[train[i - 1]! * size + train[i]!]!++;
    firsts[train[i - 1]!]!++;
  }
  let sum = 0;
  for (let i = 1; i < heldOut.length; i++) {
    sum -= Math.log(pairs[heldOut[i - 1]! * size + heldOut[i]!]! / firsts[heldOut[i - 1]!]!);
  }
  return sum / (heldOut.length - 1);
}
