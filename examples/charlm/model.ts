/**
 * The neural language model of Y. Bengio et al., "A neural probabilistic language model" (JMLR 2003), over characters
 * and without the direct connections from input to output: the embeddings of the last `context` characters side by
 * side, one tanh layer, and a softmax over the next character.
 */
import {
  crossEntropy,
  embedding,
  embeddingBackward,
  linear,
  linearBackward,
  normal,
  type Parameter,
  type Parameters,
  type Runtime,
  type Tensor,
  tanh,
  tanhBackward,
} from "simd-optim";

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

interface Layer {
  readonly weight: Parameter;
  readonly bias: Parameter;
}

/** The parameters, started from normal samples that depend on the seed alone. */
export class CharacterModel {
  readonly parameters: Parameters;
  readonly embedding: Parameter;
  readonly hidden: Layer;
  readonly output: Layer;

  constructor(
    readonly runtime: Runtime,
    readonly shape: Shape,
    seed: number,
  ) {
    const { vocabulary, context, width, hidden } = shape;
    this.parameters = runtime.parameters({
      "embedding.weight": { shape: [vocabulary, width], role: "embedding" },
      "hidden.weight": [hidden, context * width],
      "hidden.bias": [hidden],
      "output.weight": { shape: [vocabulary, hidden], role: "head" },
      "output.bias": [vocabulary],
    });
    this.embedding = this.parameters.get("embedding.weight");
    this.hidden = this.#layer("hidden");
    this.output = this.#layer("output");
    const start = ({ name, value }: Parameter, deviation: number) => normal(value, { seed, name, deviation });
    start(this.embedding, 1);
    start(this.hidden.weight, (context * width) ** -0.5);
    start(this.output.weight, hidden ** -0.5);
  }

  #layer(name: string): Layer {
    return { weight: this.parameters.get(`${name}.weight`), bias: this.parameters.get(`${name}.bias`) };
  }
}

/** Forward and backward passes over a fixed number of rows, with every tensor they need. */
export class Pass {
  /** The characters before, oldest first: [rows, context]. */
  readonly contexts: Tensor<"u32">;
  /** The character to predict: [rows]. */
  readonly targets: Tensor<"u32">;
  /** What `predict` finds: [rows, vocabulary]. `loss` leaves its gradient here. */
  readonly logits: Tensor;
  readonly #model: CharacterModel;
  readonly #embedded: Tensor;
  readonly #hidden: Tensor;
  readonly #losses: Tensor;
  readonly #dEmbedded: Tensor;
  readonly #dHidden: Tensor;

  constructor(model: CharacterModel, rows: number) {
    const { runtime, shape } = model;
    this.#model = model;
    this.contexts = runtime.tensor([rows, shape.context], { type: "u32" });
    this.targets = runtime.tensor([rows], { type: "u32" });
    this.logits = runtime.tensor([rows, shape.vocabulary]);
    this.#embedded = runtime.tensor([rows, shape.context * shape.width]);
    this.#hidden = runtime.tensor([rows, shape.hidden]);
    this.#losses = runtime.tensor([rows]);
    this.#dEmbedded = runtime.tensor([rows, shape.context * shape.width]);
    this.#dHidden = runtime.tensor([rows, shape.hidden]);
  }

  /** Computes the logits of the next characters. */
  predict(): void {
    const { embedding: table, hidden, output } = this.#model;
    embedding(table.value, this.contexts, this.#embedded);
    linear(this.#embedded, hidden.weight.value, hidden.bias.value, this.#hidden);
    tanh(this.#hidden, this.#hidden);
    linear(this.#hidden, output.weight.value, output.bias.value, this.logits);
  }

  /** The mean loss of the rows, in nats per character. */
  loss(): number {
    this.predict();
    return crossEntropy(this.logits, this.targets, { losses: this.#losses, gradient: this.logits });
  }

  /** Adds the gradient of the loss just computed to the gradients of the parameters. */
  backward(): void {
    const { embedding: table, hidden, output } = this.#model;
    linearBackward(this.#hidden, output.weight.value, this.logits, {
      dx: this.#dHidden,
      dWeight: output.weight.gradient,
      dBias: output.bias.gradient,
    });
    tanhBackward(this.#hidden, this.#dHidden, this.#dHidden);
    linearBackward(this.#embedded, hidden.weight.value, this.#dHidden, {
      dx: this.#dEmbedded,
      dWeight: hidden.weight.gradient,
      dBias: hidden.bias.gradient,
    });
    embeddingBackward(this.#dEmbedded, this.contexts, table.gradient);
  }
}
