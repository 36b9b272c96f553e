/** A classifier of two tanh layers of one width, whose output layer has no bias and a multiplier, as muP asks. */
import {
  type BaseShapes,
  crossEntropy,
  gemm,
  init,
  linear,
  linearBackward,
  type MupFactors,
  mup,
  type Parameters,
  type Runtime,
  type Tensor,
  tanh,
  tanhBackward,
} from "simd-optim";

export interface MlpShape {
  readonly inputs: number;
  readonly width: number;
  readonly classes: number;
}

export function mlpShapes({ inputs, width, classes }: MlpShape) {
  return {
    "input.weight": [width, inputs],
    "input.bias": [width],
    "hidden.weight": [width, width],
    "hidden.bias": [width],
    "output.weight": [classes, width],
  };
}

export class Mlp {
  readonly parameters: Parameters;
  /** A batch: what to classify, [rows, inputs], and as what, [rows]. */
  readonly x: Tensor;
  readonly classes: Tensor<"u32">;
  readonly #factors: ReadonlyMap<string, MupFactors>;
  readonly #first: Tensor;
  readonly #second: Tensor;
  readonly #logits: Tensor;
  readonly #losses: Tensor;
  readonly #dFirst: Tensor;
  readonly #dSecond: Tensor;

  /** Starts as muP does from a model of shapes `base`; in the standard way if these are its own. */
  constructor(runtime: Runtime, shape: MlpShape, rows: number, base: BaseShapes, seed: number) {
    const { inputs, width, classes } = shape;
    this.parameters = runtime.parameters(mlpShapes(shape));
    this.#factors = mup(this.parameters, base);
    for (const { name, value, ndim } of this.parameters) {
      const { initShape: fansOf } = this.#factors.get(name)!;
      if (ndim === 2) init.kaimingNormal(value, { seed, name, nonlinearity: "linear", fansOf });
    }
    this.x = runtime.tensor([rows, inputs]);
    this.classes = runtime.tensor([rows], { type: "u32" });
    this.#first = runtime.tensor([rows, width]);
    this.#second = runtime.tensor([rows, width]);
    this.#logits = runtime.tensor([rows, classes]);
    this.#losses = runtime.tensor([rows]);
    this.#dFirst = runtime.tensor([rows, width]);
    this.#dSecond = runtime.tensor([rows, width]);
  }

  /** The mean loss of the batch, in nats; leaves its gradient in the parameters. */
  lossAndGradient(): number {
    const [first, second, logits] = [this.#first, this.#second, this.#logits];
    const [value, gradient] = [this.#view("value"), this.#view("gradient")];
    const alpha = this.#factors.get("output.weight")!.multiplier;
    linear(this.x, value("input.weight"), value("input.bias"), first);
    tanh(first, first);
    linear(first, value("hidden.weight"), value("hidden.bias"), second);
    tanh(second, second);
    gemm(second, value("output.weight"), logits, { transposeB: true, alpha });
    const loss = crossEntropy(logits, this.classes, { losses: this.#losses, gradient: logits });

    this.parameters.zeroGrad();
    gemm(logits, second, gradient("output.weight"), { transposeA: true, alpha });
    gemm(logits, value("output.weight"), this.#dSecond, { alpha });
    tanhBackward(second, this.#dSecond, this.#dSecond);
    linearBackward(first, value("hidden.weight"), this.#dSecond, {
      dx: this.#dFirst,
      dWeight: gradient("hidden.weight"),
      dBias: gradient("hidden.bias"),
    });
    tanhBackward(first, this.#dFirst, this.#dFirst);
    linearBackward(this.x, value("input.weight"), this.#dFirst, {
      dWeight: gradient("input.weight"),
      dBias: gradient("input.bias"),
    });
    return loss;
  }

  #view(what: "value" | "gradient") {
    return (name: keyof ReturnType<typeof mlpShapes>) => this.parameters.get(name)[what];
  }
}
