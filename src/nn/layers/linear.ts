import { checkBoolean, checkChoice, checkInteger, checkKeys } from "../../core/check.ts";
import { ROLES, type Role } from "../../tensor/parameters.ts";
import { uniform } from "../../tensor/random.ts";
import type { View } from "../../tensor/tensor.ts";
import { linear, linearBackward } from "../functions/linear.ts";
import { checkStart, type Layer, type LayerParameter, type Start } from "../layer.ts";
import type { Pass } from "../pass.ts";

/** Options of `Linear`. */
export interface LinearOptions {
  /** Whether there is a bias; true unless it is given. */
  bias?: boolean;
  /** First values of the weight, beside a bias of 0; unless it is given both are uniform within 1 / sqrt(inputs), as in torch. */
  start?: Start;
  /** The role of the weight: "hidden" unless it is given. */
  role?: Role;
}

/** y = x W^T + b over the last axis. Parameters: weight [outputs, inputs], bias [outputs]. Keeps x. */
export class Linear implements Layer {
  readonly parameters: Readonly<Record<string, LayerParameter>>;
  readonly #outputs: number;

  constructor(inputs: number, outputs: number, options: LinearOptions = {}) {
    checkInteger("inputs", inputs, "[1, inf)");
    checkInteger("outputs", outputs, "[1, inf)");
    checkKeys("Linear", options, ["bias", "start", "role"]);
    const { bias = true, start, role = "hidden" } = options;
    checkBoolean("bias", bias);
    checkStart("start", start);
    checkChoice("role", role, ROLES);
    const bound = 1 / Math.sqrt(inputs);
    const torch: Start = (value, source) => uniform(value, { ...source, low: -bound, high: bound });
    this.parameters = {
      weight: { shape: [outputs, inputs], role, start: start ?? torch },
      ...(bias && { bias: { shape: [outputs], ...(!start && { start: torch }) } }),
    };
    this.#outputs = outputs;
  }

  forward(x: View, pass: Pass): View {
    const { weight, bias } = pass.parameters(this);
    const y = pass.take([...x.shape.slice(0, -1), this.#outputs]);
    linear(x, weight!.value, bias?.value, y);
    pass.keep(x);
    return y;
  }

  backward(dy: View, pass: Pass, [x]: [View]): View | undefined {
    const { weight, bias } = pass.parameters(this);
    const dx = pass.wants(x) ? pass.take(x.shape) : undefined;
    linearBackward(x, weight!.value, dy, { dx, dWeight: weight!.gradient, dBias: bias?.gradient });
    return dx;
  }
}
