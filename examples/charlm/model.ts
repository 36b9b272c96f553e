/**
 * The neural language model of Y. Bengio et al., "A neural probabilistic language model" (JMLR 2003), over characters
 * and without the direct connections from input to output: the embeddings of the last `context` characters side by
 * side, one tanh layer, and a softmax over the next character.
 */
import { type AnyLayer, Embedding, Flatten, Linear, normal, Sequential, type Start, Tanh } from "simd-optim";

export interface Shape {
  /** Distinct characters. */
  readonly vocabulary: number;
  /** Characters the next one is predicted from. */
  readonly context: number;
  /** Numbers that stand for a character. */
  readonly width: number;
  /** Units of the tanh layer. */
  readonly hidden: number;
}

/** Normal samples, of a deviation that leaves sums over the inputs at 1. */
const start: Start = (weight, source) => normal(weight, { ...source, deviation: weight.shape[1]! ** -0.5 });

/** The layers, from the characters before, oldest first, [rows, context] to the logits of the next [rows, vocabulary]. */
export function characterModel({ vocabulary, context, width, hidden }: Shape): AnyLayer {
  return new Sequential({
    embedding: new Embedding(vocabulary, width),
    joined: new Flatten(),
    hidden: new Linear(context * width, hidden, { start }),
    tanh: new Tanh(),
    output: new Linear(hidden, vocabulary, { start, role: "head" }),
  });
}
