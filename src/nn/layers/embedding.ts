import { checkInteger, checkKeys, refuse } from "../../core/check.ts";
import { normal } from "../../tensor/random.ts";
import type { View } from "../../tensor/tensor.ts";
import { addPositions, addPositionsBackward } from "../functions/add.ts";
import { embedding, embeddingBackward } from "../functions/embedding.ts";
import { linear, linearBackward } from "../functions/linear.ts";
import { checkStart, type Layer, type LayerParameter, type Start } from "../layer.ts";
import type { Pass } from "../pass.ts";

/** Options of `Embedding`. */
export interface EmbeddingOptions {
  /** First values; normal with deviation 1, as in torch, unless it is given. */
  start?: Start;
}

function tableOf(height: number, width: number, options: EmbeddingOptions): Record<"weight", LayerParameter> {
  checkInteger("height", height, "[1, inf)");
  checkInteger("width", width, "[1, inf)");
  checkKeys("Embedding", options, ["start"]);
  const { start = normal } = options;
  checkStart("start", start);
  return { weight: { shape: [height, width], role: "embedding", start } };
}

/** y[.., :] = W[x[..], :] for indices x. Parameter: weight [height, width]. Keeps x, which is not to change till then. */
export class Embedding implements Layer<"u32"> {
  readonly parameters: Readonly<Record<"weight", LayerParameter>>;

  constructor(
    height: number,
    /** Elements of an embedding. */
    readonly width: number,
    options: EmbeddingOptions = {},
  ) {
    this.parameters = tableOf(height, width, options);
  }

  forward(index: View<"u32">, pass: Pass): View {
    const y = pass.take([...index.shape, this.width]);
    embedding(pass.parameters(this)["weight"]!.value, index, y);
    pass.keep(index);
    return y;
  }

  backward(dy: View, pass: Pass, [index]: [View<"u32">]): undefined {
    embeddingBackward(dy, index, pass.parameters(this)["weight"]!.gradient);
  }
}

/** y[.., t, :] = x[.., t, :] + W[t, :]: learned positions. Parameter: weight [context, width]. Keeps nothing. */
export class Positions implements Layer {
  readonly parameters: Readonly<Record<"weight", LayerParameter>>;

  constructor(context: number, width: number, options: EmbeddingOptions = {}) {
    this.parameters = tableOf(context, width, options);
  }

  forward(x: View, pass: Pass): View {
    const y = pass.overwrite(x);
    if (y !== x) x.engine.unchecked.copy(x.pointer, y.pointer, x.size);
    addPositions(pass.parameters(this)["weight"]!.value, y);
    return y;
  }

  backward(dy: View, pass: Pass): View {
    addPositionsBackward(dy, pass.parameters(this)["weight"]!.gradient);
    return dy;
  }
}

/**
 * y = x W^T with the table W of an embedding of the same network: weight tying, to whose gradient both add.
 * O. Press and L. Wolf, "Using the output embedding to improve language models" (EACL 2017). Keeps x.
 */
export class TiedLinear implements Layer {
  readonly #embedding: Embedding;

  constructor(embedding: Embedding) {
    if (!(embedding instanceof Embedding)) refuse("embedding", embedding, "an Embedding");
    this.#embedding = embedding;
  }

  forward(x: View, pass: Pass): View {
    const weight = pass.parameters(this.#embedding)["weight"]!;
    const y = pass.take([...x.shape.slice(0, -1), weight.shape[0]!]);
    linear(x, weight.value, undefined, y);
    pass.keep(x);
    return y;
  }

  backward(dy: View, pass: Pass, [x]: [View]): View | undefined {
    const weight = pass.parameters(this.#embedding)["weight"]!;
    const dx = pass.wants(x) ? pass.take(x.shape) : undefined;
    linearBackward(x, weight.value, dy, { dx, dWeight: weight.gradient });
    return dx;
  }
}
