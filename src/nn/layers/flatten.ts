import type { View } from "../../tensor/tensor.ts";
import type { Layer } from "../layer.ts";
import type { Pass } from "../pass.ts";

/** y [batch, rest] = x [batch, ...]: the same memory. Keeps nothing. */
export class Flatten implements Layer {
  forward(x: View, pass: Pass): View {
    pass.keep(pass.shapeOf(x));
    return pass.reshape(x, [x.shape[0]!, x.size / x.shape[0]!]);
  }

  backward(dy: View, pass: Pass, [{ shape }]: [View]): View {
    return pass.reshape(dy, shape);
  }
}
