import { checkNumber } from "../../core/check.ts";
import type { View } from "../../tensor/tensor.ts";
import { type DropoutOptions, dropout, dropoutBackward } from "../functions/dropout.ts";
import type { Layer } from "../layer.ts";
import type { Pass } from "../pass.ts";

/**
 * y = m x / (1 - p) in training, where m is 0 with probability p and else 1; y = x in evaluation. Keeps nothing: the mask
 * follows from the network's seed, the name of the layer and the step of the pass, so a step that is run again is the
 * same. Two uses of one instance have one mask.
 */
export class Dropout implements Layer {
  constructor(
    /** The share of elements that are set to 0. */
    readonly p: number = 0.5,
  ) {
    checkNumber("p", p, "[0, 1)");
  }

  forward(x: View, pass: Pass): View {
    if (!pass.training || this.p === 0) return x;
    const y = pass.overwrite(x);
    dropout(x, y, this.#mask(pass));
    return y;
  }

  backward(dy: View, pass: Pass): View {
    if (!pass.training || this.p === 0) return dy;
    const dx = pass.overwrite(dy);
    dropoutBackward(dy, dx, this.#mask(pass));
    return dx;
  }

  #mask(pass: Pass): DropoutOptions {
    return { p: this.p, seed: pass.seed, name: pass.name(this), step: pass.step };
  }
}
