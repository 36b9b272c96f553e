import type { View } from "../../tensor/tensor.ts";
import {
  checkGelu,
  type GeluOptions,
  gelu,
  relu,
  reluBackward,
  sigmoid,
  sigmoidBackward,
  silu,
  slopeBackward,
  tanh,
  tanhBackward,
} from "../functions/activation.ts";
import { softmax, softmaxBackward } from "../functions/softmax.ts";
import type { Layer } from "../layer.ts";
import type { Pass } from "../pass.ts";

type Forward = (x: View, y: View) => void;
type Backward = (y: View, dy: View, dx: View) => void;

/** A function whose gradient follows from its output, which it keeps; the input is overwritten where it can be. */
class FromOutput implements Layer {
  readonly #forward: Forward;
  readonly #backward: Backward;

  constructor(forward: Forward, backward: Backward) {
    this.#forward = forward;
    this.#backward = backward;
  }

  forward(x: View, pass: Pass): View {
    const y = pass.overwrite(x);
    this.#forward(x, y);
    pass.keep(y);
    return y;
  }

  backward(dy: View, pass: Pass, [y]: [View]): View {
    const dx = pass.overwrite(dy);
    this.#backward(y, dy, dx);
    return dx;
  }
}

/** y = max(x, 0). Keeps y. */
export class ReLU extends FromOutput {
  constructor() {
    super(relu, reluBackward);
  }
}

/** y = 1 / (1 + e^-x). Keeps y. */
export class Sigmoid extends FromOutput {
  constructor() {
    super(sigmoid, sigmoidBackward);
  }
}

/** y = tanh x. Keeps y. */
export class Tanh extends FromOutput {
  constructor() {
    super(tanh, tanhBackward);
  }
}

/** y = e^x / sum e^x over the last axis. Keeps y. For a loss on its logarithm, pass logits to `crossEntropy` instead. */
export class Softmax extends FromOutput {
  constructor() {
    super(softmax, softmaxBackward);
  }
}

/** A function that writes its slope beside its output; the slope is kept, in place of the input where it can be. */
class WithSlope implements Layer {
  readonly #forward: (x: View, y: View, slope: View) => void;

  constructor(forward: (x: View, y: View, slope: View) => void) {
    this.#forward = forward;
  }

  forward(x: View, pass: Pass): View {
    const slope = pass.overwrite(x);
    const y = pass.take(x.shape);
    this.#forward(x, y, slope);
    pass.keep(slope);
    if (slope !== x) pass.release(slope);
    return y;
  }

  backward(dy: View, pass: Pass, [slope]: [View]): View {
    const dx = pass.overwrite(dy);
    slopeBackward(slope, dy, dx);
    return dx;
  }
}

/** y = x P(Z <= x) for a standard normal Z, or its approximation by a hyperbolic tangent. Keeps the slope. */
export class GELU extends WithSlope {
  constructor(options: GeluOptions = {}) {
    checkGelu(options);
    super((x, y, slope) => gelu(x, y, slope, options));
  }
}

/** y = x / (1 + e^-x). Keeps the slope. */
export class SiLU extends WithSlope {
  constructor() {
    super(silu);
  }
}
