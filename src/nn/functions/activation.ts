import { checkChoice, checkKeys } from "../../core/check.ts";
import { nn } from "../../kernels/nn.ts";
import { checkDistinct, checkView, engineOf, type View } from "../../tensor/tensor.ts";

/** Kernels whose derivative comes from the output, and those that write it beside the output. */
type Plain = "relu" | "sigmoid" | "tanh";
type Sloped = "gelu" | "geluTanh" | "silu";

function apply(kernel: Plain, x: View, y: View): void {
  const engine = engineOf("y", y);
  checkView("x", x, engine, "f32", y.shape);
  nn.of(engine)[kernel](x.pointer, y.pointer, y.size);
}

function applyBackward(kernel: `${Plain}Backward`, y: View, dy: View, dx: View): void {
  const engine = engineOf("dx", dx);
  checkView("y", y, engine, "f32", dx.shape);
  checkView("dy", dy, engine, "f32", dx.shape);
  nn.of(engine)[kernel](y.pointer, dy.pointer, dx.pointer, dx.size);
}

function applySloped(kernel: Sloped, x: View, y: View, slope: View): void {
  const engine = engineOf("y", y);
  checkView("x", x, engine, "f32", y.shape);
  checkView("slope", slope, engine, "f32", y.shape);
  checkDistinct({ slope }, { y });
  nn.of(engine)[kernel](x.pointer, y.pointer, slope.pointer, y.size);
}

/** dx = dy slope: the backward pass of the activations that write their slope; dx may be dy. */
export function slopeBackward(slope: View, dy: View, dx: View): void {
  const engine = engineOf("dx", dx);
  checkView("slope", slope, engine, "f32", dx.shape);
  checkView("dy", dy, engine, "f32", dx.shape);
  engine.unchecked.multiply(dy.pointer, slope.pointer, dx.pointer, dx.size);
}

export interface GeluOptions {
  /** "none" for the normal distribution function, the default; "tanh" for the approximation that GPT-2 uses. */
  approximate?: "none" | "tanh";
}

/** @internal The options of `gelu`, checked, defaults filled in. */
export function checkGelu(options: GeluOptions): Required<GeluOptions> {
  checkKeys("gelu", options, ["approximate"]);
  const { approximate = "none" } = options;
  checkChoice("approximate", approximate, ["none", "tanh"]);
  return { approximate };
}

/**
 * y = x P(Z <= x) = x (1 + erf(x / sqrt 2)) / 2, or x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, and the slope at
 * x, which is all that `slopeBackward` needs. y or slope may be x. y is within 4 x 2^-24 |x|, the slope within
 * 12 x 2^-24.
 * D. Hendrycks and K. Gimpel, "Gaussian error linear units" (2016).
 */
export function gelu(x: View, y: View, slope: View, options: GeluOptions = {}): void {
  const { approximate } = checkGelu(options);
  applySloped(approximate === "tanh" ? "geluTanh" : "gelu", x, y, slope);
}

/** y = max(x, 0), NaN where x is NaN; y may be x. */
export function relu(x: View, y: View): void {
  apply("relu", x, y);
}

/** dx = dy where the output y is not 0, else 0; dx may be dy. */
export function reluBackward(y: View, dy: View, dx: View): void {
  applyBackward("reluBackward", y, dy, dx);
}

/** y = 1 / (1 + e^-x); y may be x. */
export function sigmoid(x: View, y: View): void {
  apply("sigmoid", x, y);
}

/** dx = dy y (1 - y) from the output y; dx may be dy. */
export function sigmoidBackward(y: View, dy: View, dx: View): void {
  applyBackward("sigmoidBackward", y, dy, dx);
}

/**
 * y = x sigmoid x and the slope at x, which is all that `slopeBackward` needs. y or slope may be x.
 * S. Elfwing et al., "Sigmoid-weighted linear units" (Neural Networks 2018).
 */
export function silu(x: View, y: View, slope: View): void {
  applySloped("silu", x, y, slope);
}

/** y = tanh x; y may be x. */
export function tanh(x: View, y: View): void {
  apply("tanh", x, y);
}

/** dx = dy (1 - y^2) from the output y; dx may be dy. */
export function tanhBackward(y: View, dy: View, dx: View): void {
  applyBackward("tanhBackward", y, dy, dx);
}
