/**
 * GPT-2 in small: token and position embeddings, blocks of attention and a multi-layer perceptron that each normalise
 * their input and add to the stream beside them, a last norm, and the transpose of the token embedding for a head.
 * A. Radford et al., "Language models are unsupervised multitask learners" (2019), section 2.3.
 */
import {
  type AnyLayer,
  CausalSelfAttention,
  Dropout,
  Embedding,
  GELU,
  LayerNorm,
  Linear,
  normal,
  Positions,
  Recompute,
  Residual,
  Sequential,
  type Start,
  TiedLinear,
} from "simd-optim";

export interface Shape {
  readonly vocabulary: number;
  /** Characters a prediction may look back on, the last included. */
  readonly context: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** The share of activations that training leaves out where branches join the stream. */
  readonly dropout: number;
  /** Whether blocks keep their inputs alone and run again in the backward pass. */
  readonly recompute: boolean;
}

/** Deviations of the first weights: GPT-2's, and less where branches join, for the stream is a sum of them all. */
const DEVIATION = 0.02;

function gaussian(deviation: number): Start {
  return (value, source) => normal(value, { ...source, deviation });
}

/** The layers, from indices [batch, context] to logits [batch, context, vocabulary]. */
export function gpt(shape: Shape): AnyLayer {
  const { vocabulary, context, width, layers, dropout, recompute } = shape;
  const start = gaussian(DEVIATION);
  const token = new Embedding(vocabulary, width, { start });
  const blocks = Array.from({ length: layers }, () => block(shape));
  return new Sequential({
    token,
    position: new Positions(context, width, { start }),
    drop: new Dropout(dropout),
    block: new Sequential(recompute ? blocks.map((layer) => new Recompute(layer)) : blocks),
    norm: new LayerNorm(width),
    head: new TiedLinear(token),
  });
}

function block({ width, heads, layers, dropout }: Shape): AnyLayer {
  const start = gaussian(DEVIATION);
  const projectionStart = gaussian(DEVIATION / Math.sqrt(2 * layers));
  return new Sequential({
    attention: new Residual(
      new Sequential({
        norm: new LayerNorm(width),
        "": new CausalSelfAttention(width, heads, { start, projectionStart }),
        drop: new Dropout(dropout),
      }),
    ),
    mlp: new Residual(
      new Sequential({
        norm: new LayerNorm(width),
        up: new Linear(width, 4 * width, { start }),
        gelu: new GELU({ approximate: "tanh" }),
        down: new Linear(4 * width, width, { start: projectionStart }),
        drop: new Dropout(dropout),
      }),
    ),
  });
}
