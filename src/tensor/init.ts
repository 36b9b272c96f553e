/**
 * What parameters start from, by the names of torch.nn.init. Samples depend on seed and name alone, not on the order
 * in which tensors are filled.
 */
import { checkChoice, checkFunction, checkInteger, checkKeys, checkNumber, checkShape, refuse } from "../core/check.ts";
import { orthonormalise } from "../core/orthonormal.ts";
import { type Parameter, type Selection, selected } from "./parameters.ts";
import { normal, type Source, uniform } from "./random.ts";
import { engineOf, type View } from "./tensor.ts";

export { normal, truncatedNormal, uniform } from "./random.ts";

/** Fills with one value. */
export function constant(tensor: View, value: number): void {
  const engine = engineOf("tensor", tensor);
  checkNumber("value", value, "[-inf, inf]");
  engine.unchecked.fill(tensor.pointer, tensor.size, value);
}

/** Sets every element to 0, as torch.nn.init.zeros_ does. */
export function zeros(tensor: View): void {
  constant(tensor, 0);
}

/** Sets every element to 1, as torch.nn.init.ones_ does. */
export function ones(tensor: View): void {
  constant(tensor, 1);
}

/** A matrix with 1 on its diagonal and 0 elsewhere. */
export function eye(tensor: View): void {
  engineOf("tensor", tensor);
  if (tensor.shape.length !== 2) refuse("tensor", tensor.shape, "two axes", "SHAPE_MISMATCH");
  const [rows, columns] = tensor.shape as [number, number];
  zeros(tensor);
  const { data } = tensor;
  for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = 1;
}

/**
 * How many numbers each output of a layer is made of, and how many outputs each input goes into, for weights of shape
 * `[out, in, ...kernel]`: in and out, times the size of the kernel.
 */
export function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const size = checkShape("shape", shape);
  if (shape.length < 2) refuse("shape", shape, "at least two axes, [out, in, ...kernel]", "SHAPE_MISMATCH");
  return { fanIn: size / shape[0]!, fanOut: size / shape[1]! };
}

const GAINS = {
  linear: 1,
  conv1d: 1,
  conv2d: 1,
  conv3d: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.SQRT2,
  leakyRelu: Math.SQRT2,
  selu: 3 / 4,
} as const;
/** The nonlinearities that `calculateGain` knows, with torch's gains. */
export type Nonlinearity = keyof typeof GAINS;

/**
 * What torch recommends to multiply deviations by before a nonlinearity. `negativeSlope`, 0.01 unless it is given, is
 * that of a leaky ReLU, whose gain is sqrt(2 / (1 + slope^2)); the others ignore it.
 */
export function calculateGain(nonlinearity: Nonlinearity, negativeSlope = 0.01): number {
  checkChoice("nonlinearity", nonlinearity, Object.keys(GAINS) as Nonlinearity[]);
  checkNumber("negativeSlope", negativeSlope, "(-inf, inf)");
  return nonlinearity === "leakyRelu" ? Math.sqrt(2 / (1 + negativeSlope * negativeSlope)) : GAINS[nonlinearity];
}

export interface XavierOptions extends Source {
  /** Multiplies the deviation; 1 unless it is given. */
  gain?: number;
  /** The shape whose fans count; the tensor's own unless it is given. See `initShape` of muP. */
  fansOf?: readonly number[];
}

/** Uniform samples of [-a, a), a = gain sqrt(6 / (fanIn + fanOut)). X. Glorot and Y. Bengio (AISTATS 2010), eq. 16. */
export function xavierUniform(tensor: View, options: XavierOptions): void {
  symmetric(tensor, xavierDeviation(tensor, options), options);
}

/** Normal samples of deviation gain sqrt(2 / (fanIn + fanOut)). X. Glorot and Y. Bengio (AISTATS 2010), eq. 12. */
export function xavierNormal(tensor: View, options: XavierOptions): void {
  const deviation = xavierDeviation(tensor, options);
  const { seed, name } = options;
  normal(tensor, { seed, name, deviation });
}

function xavierDeviation(tensor: View, options: XavierOptions): number {
  engineOf("tensor", tensor);
  checkKeys("options", options, ["seed", "name", "gain", "fansOf"]);
  const { gain = 1, fansOf = tensor.shape } = options;
  checkNumber("gain", gain, "[0, inf)");
  const { fanIn, fanOut } = fans(fansOf);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

export interface KaimingOptions extends Source {
  /** The slope of a leaky ReLU; 0 unless it is given. */
  a?: number;
  /** Whether to keep the variance on the way forward, the default, or back. */
  mode?: "fanIn" | "fanOut";
  /** What follows the layer; "leakyRelu" unless it is given. */
  nonlinearity?: Nonlinearity;
  /** The shape whose fans count; the tensor's own unless it is given. See `initShape` of muP. */
  fansOf?: readonly number[];
}

/**
 * Uniform samples of [-b, b), b = gain sqrt(3 / fan). With a = sqrt(5), the bound is 1 / sqrt(fanIn): what
 * torch.nn.Linear and its convolutions start from. K. He et al. (ICCV 2015).
 */
export function kaimingUniform(tensor: View, options: KaimingOptions): void {
  symmetric(tensor, kaimingDeviation(tensor, options), options);
}

/** Normal samples of deviation gain / sqrt(fan). K. He et al. (ICCV 2015), eqs. 10 and 14. */
export function kaimingNormal(tensor: View, options: KaimingOptions): void {
  const deviation = kaimingDeviation(tensor, options);
  const { seed, name } = options;
  normal(tensor, { seed, name, deviation });
}

function kaimingDeviation(tensor: View, options: KaimingOptions): number {
  engineOf("tensor", tensor);
  checkKeys("options", options, ["seed", "name", "a", "mode", "nonlinearity", "fansOf"]);
  const { a = 0, mode = "fanIn", nonlinearity = "leakyRelu", fansOf = tensor.shape } = options;
  checkChoice("mode", mode, ["fanIn", "fanOut"]);
  return calculateGain(nonlinearity, a) / Math.sqrt(fans(fansOf)[mode]);
}

/** Uniform samples around 0. */
function symmetric(tensor: View, deviation: number, { seed, name }: Source): void {
  const bound = Math.sqrt(3) * deviation;
  uniform(tensor, { seed, name, low: -bound, high: bound });
}

/**
 * The orthogonal factor of a normal matrix, times `gain`: rows are orthogonal where there are no more of them than
 * columns, else columns. More axes than two are flattened into the second. A. Saxe et al. (ICLR 2014); the signs are
 * those that make the distribution uniform (F. Mezzadri, "How to generate random matrices", 2007), as torch has them.
 *
 * Float64 in JavaScript, the same bits on every backend: about 4 rows columns min(rows, columns) operations.
 */
export function orthogonal(tensor: View, options: Source & { gain?: number }): void {
  engineOf("tensor", tensor);
  checkKeys("options", options, ["seed", "name", "gain"]);
  const { seed, name, gain = 1 } = options;
  checkNumber("gain", gain, "(-inf, inf)");
  const { fanIn: columns } = fans(tensor.shape);
  normal(tensor, { seed, name });
  orthogonalise(tensor.data, { rows: tensor.shape[0]!, columns, gain });
}

/**
 * Replaces a row-major matrix, every `stride`-th element from `first` on, by its orthogonal factor, times `gain`: the
 * columns of a tall one, or the rows of a wide one, made orthonormal one after the other.
 */
export function orthogonalise(
  data: Float32Array,
  {
    rows,
    columns,
    gain,
    first = 0,
    stride = 1,
  }: { rows: number; columns: number; gain: number; first?: number; stride?: number },
): void {
  const wide = rows < columns;
  const [count, length] = wide ? [rows, columns] : [columns, rows];
  const at = (vector: number, i: number) => first + stride * (wide ? vector * columns + i : i * columns + vector);
  const vectors = new Float64Array(count * length);
  for (let vector = 0; vector < count; vector++) {
    for (let i = 0; i < length; i++) vectors[vector * length + i] = data[at(vector, i)]!;
  }
  orthonormalise(vectors, length);
  for (let vector = 0; vector < count; vector++) {
    for (let i = 0; i < length; i++) data[at(vector, i)] = gain * vectors[vector * length + i]!;
  }
}

/** Options of `gpt2`. */
export interface Gpt2Options {
  /** Samples depend on it and on the names of parameters. */
  seed: number;
  /** The projections back into the residual stream, of which a transformer has two a layer. */
  residual?: { layers: number; where(parameter: Parameter): boolean };
}

/**
 * Starts a transformer as GPT-2 does, by role: what has two axes or more from normal samples of deviation 0.02, divided
 * by sqrt(2 layers) for the residual projections; gains of norms at 1, and biases, those of norms included, at 0. The
 * gains are the parameters of one axis and role "norm". A. Radford et al. (2019), section 2.3; 0.02 is their code's.
 */
export function gpt2(params: Selection, options: Gpt2Options): void {
  checkKeys("options", options, ["seed", "residual"]);
  const { seed, residual } = options;
  if (residual !== undefined) {
    checkKeys("residual", residual, ["layers", "where"]);
    checkInteger("residual.layers", residual.layers, "[1, inf)");
    checkFunction("residual.where", residual.where);
  }
  for (const parameter of selected("params", params)) {
    const { name, value, ndim, role } = parameter;
    const deviation = residual?.where(parameter) ? 0.02 / Math.sqrt(2 * residual.layers) : 0.02;
    if (ndim >= 2) normal(value, { seed, name, deviation });
    else constant(value, role === "norm" ? 1 : 0);
  }
}
