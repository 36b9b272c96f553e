import { checkBoolean, checkInteger, checkKeys, refuse } from "../../core/check.ts";
import { uniform } from "../../tensor/random.ts";
import type { View } from "../../tensor/tensor.ts";
import { CONV2D_KEYS, type Conv2dOptions, conv2d, conv2dBackward, conv2dShape } from "../functions/conv2d.ts";
import { checkStart, type Layer, type LayerParameter, type Start } from "../layer.ts";
import type { Pass } from "../pass.ts";
import { type Pair, pair } from "../window.ts";

export interface Conv2dLayerOptions extends Conv2dOptions {
  /** Whether there is a bias; true unless it is given. */
  bias?: boolean;
  /** First values of the weight, beside a bias of 0; unless it is given both are uniform within 1 / sqrt(fan-in), as in torch. */
  start?: Start;
}

/**
 * Convolution of images [batch, inputs, height, width]; see `conv2d`. Parameters: weight [outputs, inputs / groups,
 * height, width of the kernel], bias [outputs]. Keeps x.
 */
export class Conv2d implements Layer {
  readonly parameters: Readonly<Record<string, LayerParameter>>;
  readonly #shape: readonly number[];
  readonly #options: Conv2dOptions;

  constructor(inputs: number, outputs: number, kernel: Pair, options: Conv2dLayerOptions = {}) {
    checkInteger("inputs", inputs, "[1, inf)");
    checkInteger("outputs", outputs, "[1, inf)");
    checkKeys("Conv2d", options, [...CONV2D_KEYS, "bias", "start"]);
    const { bias = true, start, ...rest } = options;
    checkBoolean("bias", bias);
    checkStart("start", start);
    const { groups = 1 } = rest;
    checkInteger("groups", groups, "[1, inf)");
    if (inputs % groups !== 0) refuse("groups", groups, `a divisor of the ${inputs} inputs`);
    this.#shape = [outputs, inputs / groups, ...pair("kernel", kernel, "[1, inf)")];
    this.#options = rest;
    const [, ...window] = this.#shape;
    // What is wrong with the options is found here, not in the first pass: on an image as large as any kernel needs.
    const side = 1 + window[1]! * window[2]! * Math.max(...pair("dilation", rest.dilation ?? 1, "[1, inf)"));
    conv2dShape([1, inputs, side, side], this.#shape, rest);
    const bound = 1 / Math.sqrt(window.reduce((product, size) => product * size));
    const torch: Start = (value, source) => uniform(value, { ...source, low: -bound, high: bound });
    this.parameters = {
      weight: { shape: this.#shape, start: start ?? torch },
      ...(bias && { bias: { shape: [outputs], ...(!start && { start: torch }) } }),
    };
  }

  forward(x: View, pass: Pass): View {
    const { weight, bias } = pass.parameters(this);
    const y = pass.take(conv2dShape(x.shape, this.#shape, this.#options));
    conv2d(x, weight!.value, bias?.value ?? null, y, this.#options);
    pass.keep(x);
    return y;
  }

  backward(dy: View, pass: Pass, [x]: [View]): View | undefined {
    const { weight, bias } = pass.parameters(this);
    const dx = pass.wants(x) ? pass.take(x.shape) : undefined;
    const gradients = { ...(dx && { dx }), dWeight: weight!.gradient, ...(bias && { dBias: bias.gradient }) };
    conv2dBackward(x, weight!.value, dy, gradients, this.#options);
    return dx;
  }
}
