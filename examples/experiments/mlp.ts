/** A classifier of two tanh layers of one width, whose output layer has no bias and a multiplier, as muP asks. */
import {
  type BaseShapes,
  init,
  type Layer,
  Linear,
  mup,
  Network,
  type Pass,
  type Runtime,
  Sequential,
  Tanh,
  type View,
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

/** The network, started as muP does from a model of shapes `base`; in the standard way if these are its own. */
export function mlp(runtime: Runtime, { inputs, width, classes }: MlpShape, base: BaseShapes, seed: number): Network {
  const start = init.zeros;
  const multiplier = new Multiplier();
  const layers = new Sequential({
    input: new Linear(inputs, width, { start }),
    firstTanh: new Tanh(),
    hidden: new Linear(width, width, { start }),
    secondTanh: new Tanh(),
    output: new Linear(width, classes, { start, bias: false }),
    multiplier,
  });
  const network = new Network(runtime, layers);
  const factors = mup(network.parameters, base);
  for (const { name, value, ndim } of network.parameters) {
    const { initShape: fansOf } = factors.get(name)!;
    if (ndim === 2) init.kaimingNormal(value, { seed, name, nonlinearity: "linear", fansOf });
  }
  multiplier.factor = factors.get("output.weight")!.multiplier;
  return network;
}

/** y = a x. */
class Multiplier implements Layer {
  factor = 1;

  forward(x: View, pass: Pass): View {
    const y = pass.overwrite(x);
    if (!pass.dry) y.data.set(x.data.map((value) => this.factor * value));
    return y;
  }

  backward(dy: View, pass: Pass): View {
    return this.forward(dy, pass);
  }
}
