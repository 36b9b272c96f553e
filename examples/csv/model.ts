/** The multi-layer perceptron, and what its outputs mean for each task. */
import {
  crossEntropy,
  Dropout,
  GELU,
  type Layer,
  Linear,
  mse,
  ReLU,
  type Runtime,
  Sequential,
  type Tensor,
  type View,
} from "simd-optim";

export interface Shape {
  readonly inputs: number;
  /** Units of each hidden layer; none for a linear model. */
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation: "relu" | "gelu";
  /** The share of hidden units that each training step leaves out. */
  readonly dropout: number;
}

export function perceptron({ inputs, hidden, outputs, activation, dropout }: Shape): Sequential {
  const layers: Record<string, Layer> = {};
  let width = inputs;
  for (const [i, units] of hidden.entries()) {
    layers[`hidden${i + 1}`] = new Linear(width, units);
    layers[`activation${i + 1}`] = activation === "relu" ? new ReLU() : new GELU();
    if (dropout > 0) layers[`dropout${i + 1}`] = new Dropout(dropout);
    width = units;
  }
  layers["output"] = new Linear(width, outputs, { role: "head" });
  return new Sequential(layers);
}

/** A loss and its targets. */
export interface Objective {
  /** Outputs of the model. */
  readonly outputs: number;
  /** Makes room for the targets of so many rows. */
  targets(runtime: Runtime, rows: number): Targets;
  /** The mean over rows that training minimises; its gradient takes the place of the outputs. */
  descend(outputs: View, targets: Targets): number;
  /** The sum over rows, each counting the same. */
  sum(outputs: View, targets: Targets): number;
}

export type Targets = Tensor | Tensor<"u32">;

/** Cross-entropy, in nats, with class weights in training if there are any. */
export function classifier(classes: number, weight: Tensor | undefined): Objective {
  return {
    outputs: classes,
    targets: (runtime, rows) => runtime.tensor([rows], { type: "u32" }),
    descend: (logits, targets) => crossEntropy(logits, targets, { gradient: logits, ...(weight && { weight }) }),
    sum: (logits, targets) => crossEntropy(logits, targets, { reduction: "sum" }),
  };
}

/** The squared error of numbers that are standardised as the labels to learn from are. */
export const regressor: Objective = {
  outputs: 1,
  targets: (runtime, rows) => runtime.tensor<"f32">([rows, 1]),
  descend: (predictions, targets) => mse(predictions, targets as Tensor, { gradient: predictions }),
  sum: (predictions, targets) => mse(predictions, targets as Tensor, { reduction: "sum" }),
};
