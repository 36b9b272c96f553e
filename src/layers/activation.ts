import { checkChoice, checkKeys } from "../check.ts";
import { checkView, type View } from "../tensor.ts";

type Forward = "gelu" | "geluTanh" | "relu" | "sigmoid" | "silu" | "tanh";

function apply(kernel: Forward, x: View, y: View): void {
  checkView("x", x, y.engine, "f32", y.shape);
  y.engine.unchecked[kernel](x.pointer, y.pointer, y.size);
}

/** `name` is what the derivative is computed from: the input x or the output y. */
function applyBackward(kernel: `${Forward}Backward`, name: "x" | "y", of: View, dy: View, dx: View): void {
  checkView(name, of, dx.engine, "f32", dx.shape);
  checkView("dy", dy, dx.engine, "f32", dx.shape);
  dx.engine.unchecked[kernel](of.pointer, dy.pointer, dx.pointer, dx.size);
}

export interface GeluOptions {
  /** "none" for the normal distribution function, the default; "tanh" for the approximation that GPT-2 uses. */
  approximate?: "none" | "tanh";
}

function geluKernel(options: GeluOptions): "gelu" | "geluTanh" {
  checkKeys("gelu", options, ["approximate"]);
  const { approximate = "none" } = options;
  checkChoice("approximate", approximate, ["none", "tanh"]);
  return approximate === "tanh" ? "geluTanh" : "gelu";
}

/**
 * y = x P(Z <= x) = x (1 + erf(x / sqrt 2)) / 2, or x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2; y may be x.
 * D. Hendrycks and K. Gimpel, "Gaussian error linear units" (2016).
 */
export function gelu(x: View, y: View, options: GeluOptions = {}): void {
  apply(geluKernel(options), x, y);
}

/** dx from the input x; dx may be dy. */
export function geluBackward(x: View, dy: View, dx: View, options: GeluOptions = {}): void {
  applyBackward(`${geluKernel(options)}Backward`, "x", x, dy, dx);
}

/** y = max(x, 0), NaN where x is NaN; y may be x. */
export function relu(x: View, y: View): void {
  apply("relu", x, y);
}

/** dx = dy where the output y is not 0, else 0; dx may be dy. */
export function reluBackward(y: View, dy: View, dx: View): void {
  applyBackward("reluBackward", "y", y, dy, dx);
}

/** y = 1 / (1 + e^-x); y may be x. */
export function sigmoid(x: View, y: View): void {
  apply("sigmoid", x, y);
}

/** dx = dy y (1 - y) from the output y; dx may be dy. */
export function sigmoidBackward(y: View, dy: View, dx: View): void {
  applyBackward("sigmoidBackward", "y", y, dy, dx);
}

/** y = x / (1 + e^-x); y may be x. S. Elfwing et al., "Sigmoid-weighted linear units" (Neural Networks 2018). */
export function silu(x: View, y: View): void {
  apply("silu", x, y);
}

/** dx = dy s (1 + x (1 - s)), s = sigmoid x, from the input x; dx may be dy. */
export function siluBackward(x: View, dy: View, dx: View): void {
  applyBackward("siluBackward", "x", x, dy, dx);
}

/** y = tanh x; y may be x. */
export function tanh(x: View, y: View): void {
  apply("tanh", x, y);
}

/** dx = dy (1 - y^2) from the output y; dx may be dy. */
export function tanhBackward(y: View, dy: View, dx: View): void {
  applyBackward("tanhBackward", "y", y, dy, dx);
}
