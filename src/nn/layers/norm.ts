import { checkBoolean, checkKeys, checkShape } from "../../core/check.ts";
import type { View } from "../../tensor/tensor.ts";
import { layerNorm, layerNormBackward } from "../functions/layerNorm.ts";
import { rmsNorm, rmsNormBackward } from "../functions/rmsNorm.ts";
import type { Layer, LayerParameter, Start } from "../layer.ts";
import { checkEps } from "../normalization.ts";
import type { Pass } from "../pass.ts";

const ones: Start = (value) => value.engine.unchecked.fill(value.pointer, value.size, 1);

/** The trailing axes that are normalised over; one number for the last. */
export type NormalizedShape = number | readonly number[];

/** Options of `RMSNorm`. */
export interface NormLayerOptions {
  /** Added to the variance or mean square; that of `layerNorm` or `rmsNorm` unless it is given. */
  eps?: number;
  /** Whether there is a weight, which starts at 1, and with it a bias; true unless it is given. */
  elementwiseAffine?: boolean;
}

/** Options of `LayerNorm`. */
export interface LayerNormLayerOptions extends NormLayerOptions {
  /** Whether there is a bias beside the weight, which starts at 0; true unless it is given. */
  bias?: boolean;
}

/** What both norms declare, checked. */
function declared(name: string, shape: NormalizedShape, options: LayerNormLayerOptions, withBias: boolean) {
  checkKeys(name, options, ["eps", "elementwiseAffine", ...(withBias ? ["bias"] : [])]);
  const { eps, elementwiseAffine = true, bias = withBias } = options;
  checkBoolean("elementwiseAffine", elementwiseAffine);
  checkBoolean("bias", bias);
  if (eps !== undefined) checkEps(eps);
  const normalizedShape = typeof shape === "number" ? [shape] : shape;
  const width = checkShape("normalizedShape", normalizedShape);
  const parameters: Record<string, LayerParameter> = {
    ...(elementwiseAffine && { weight: { shape: normalizedShape, role: "norm", start: ones } }),
    ...(elementwiseAffine && bias && { bias: { shape: normalizedShape, role: "norm" } }),
  };
  return { parameters, width, options: { normalizedShape, ...(eps !== undefined && { eps }) } };
}

/**
 * y = (x - mean) / sqrt(variance + eps) weight + bias over the trailing axes; see `layerNorm`. Parameters: weight and
 * bias of these axes. Keeps x and three numbers for each row.
 */
export class LayerNorm implements Layer {
  readonly parameters: Readonly<Record<string, LayerParameter>>;
  readonly #width: number;
  readonly #options: { normalizedShape: readonly number[]; eps?: number };

  constructor(normalizedShape: NormalizedShape, options: LayerNormLayerOptions = {}) {
    const { parameters, width, options: rest } = declared("LayerNorm", normalizedShape, options, true);
    this.parameters = parameters;
    this.#width = width;
    this.#options = rest;
  }

  forward(x: View, pass: Pass): View {
    const { weight, bias } = pass.parameters(this);
    const y = pass.take(x.shape);
    const saved = pass.take([3, x.size / this.#width]);
    layerNorm(x, weight?.value ?? null, bias?.value ?? null, y, saved, this.#options);
    pass.keep(x, saved);
    pass.release(saved);
    return y;
  }

  backward(dy: View, pass: Pass, [x, saved]: [View, View]): View | undefined {
    const { weight, bias } = pass.parameters(this);
    const dx = pass.wants(x) ? pass.overwrite(dy) : undefined;
    const gradients = {
      ...(dx && { dx }),
      ...(weight && { dWeight: weight.gradient }),
      ...(bias && { dBias: bias.gradient }),
    };
    const { normalizedShape } = this.#options;
    layerNormBackward(x, weight?.value ?? null, saved, dy, gradients, { normalizedShape });
    return dx;
  }
}

/**
 * y = x / sqrt(mean(x^2) + eps) weight over the trailing axes; see `rmsNorm`. Parameter: weight of these axes. Keeps x
 * and a number for each row.
 */
export class RMSNorm implements Layer {
  readonly parameters: Readonly<Record<string, LayerParameter>>;
  readonly #width: number;
  readonly #options: { normalizedShape: readonly number[]; eps?: number };

  constructor(normalizedShape: NormalizedShape, options: NormLayerOptions = {}) {
    const { parameters, width, options: rest } = declared("RMSNorm", normalizedShape, options, false);
    this.parameters = parameters;
    this.#width = width;
    this.#options = rest;
  }

  forward(x: View, pass: Pass): View {
    const { weight } = pass.parameters(this);
    const y = pass.take(x.shape);
    const saved = pass.take([x.size / this.#width]);
    rmsNorm(x, weight?.value ?? null, y, saved, this.#options);
    pass.keep(x, saved);
    pass.release(saved);
    return y;
  }

  backward(dy: View, pass: Pass, [x, saved]: [View, View]): View | undefined {
    const { weight } = pass.parameters(this);
    const dx = pass.wants(x) ? pass.overwrite(dy) : undefined;
    const gradients = { ...(dx && { dx }), ...(weight && { dWeight: weight.gradient }) };
    const { normalizedShape } = this.#options;
    rmsNormBackward(x, weight?.value ?? null, saved, dy, gradients, { normalizedShape });
    return dx;
  }
}
