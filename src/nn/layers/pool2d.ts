import type { View } from "../../tensor/tensor.ts";
import {
  type AvgPoolOptions,
  avgPool2d,
  avgPool2dBackward,
  checkPool,
  type MaxPoolOptions,
  maxPool2d,
  maxPool2dBackward,
  pool2dShape,
} from "../functions/pool2d.ts";
import type { Layer } from "../layer.ts";
import type { Pass } from "../pass.ts";
import type { Pair } from "../window.ts";

/** The largest element of each window; see `maxPool2d`. Keeps the places of the largest, 4 bytes an output. */
export class MaxPool2d implements Layer {
  readonly #kernel: Pair;
  readonly #options: MaxPoolOptions;

  constructor(kernel: Pair, options: MaxPoolOptions = {}) {
    checkPool("max", kernel, options);
    this.#kernel = kernel;
    this.#options = options;
  }

  forward(x: View, pass: Pass): View {
    const y = pass.take(pool2dShape(x.shape, this.#kernel, this.#options));
    const index = pass.take(y.shape, "u32");
    maxPool2d(x, this.#kernel, y, index, this.#options);
    pass.keep(pass.shapeOf(x), index);
    pass.release(index);
    return y;
  }

  backward(dy: View, pass: Pass, [{ shape }, index]: [View, View<"u32">]): View {
    const dx = pass.take(shape);
    maxPool2dBackward(dy, index, dx);
    return dx;
  }
}

/** The mean of each window; see `avgPool2d`. Keeps nothing. */
export class AvgPool2d implements Layer {
  readonly #kernel: Pair;
  readonly #options: AvgPoolOptions;

  constructor(kernel: Pair, options: AvgPoolOptions = {}) {
    checkPool("avg", kernel, options);
    this.#kernel = kernel;
    this.#options = options;
  }

  forward(x: View, pass: Pass): View {
    const y = pass.take(pool2dShape(x.shape, this.#kernel, this.#options));
    avgPool2d(x, this.#kernel, y, this.#options);
    pass.keep(pass.shapeOf(x));
    return y;
  }

  backward(dy: View, pass: Pass, [{ shape }]: [View]): View {
    const dx = pass.take(shape);
    avgPool2dBackward(dy, this.#kernel, dx, this.#options);
    return dx;
  }
}
