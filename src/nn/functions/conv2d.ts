import { checkInteger, checkKeys, checkShape, refuse } from "../../core/check.ts";
import { workspaceBytes } from "../../kernels/bind.ts";
import { linalg } from "../../kernels/linalg.ts";
import { nn } from "../../kernels/nn.ts";
import { product } from "../../linalg/gemm.ts";
import { rowMajor, transpose } from "../../linalg/matrix.ts";
import { advanced, bytesOf } from "../../memory/elementType.ts";
import { checkDistinct, checkView, engineOf, type View } from "../../tensor/tensor.ts";
import { type Axis, checkImages, outSize, type Pair, pair } from "../window.ts";

/** Options of `conv2d`; a pair is [height, width], a single number stands for both. */
export interface Conv2dOptions {
  /** Elements from one window to the next; 1 unless it is given. */
  stride?: Pair;
  /** Zeros around the image, 0 unless it is given; "same" keeps its size, for stride 1. */
  padding?: Pair | "same";
  /** Elements from one place of the kernel to the next; 1 unless it is given. */
  dilation?: Pair;
  /** Parts into which the channels are cut: outputs of one part see only its inputs. 1 unless it is given. */
  groups?: number;
}

/** Where `conv2dBackward` writes. */
export interface Conv2dGradients {
  /** Overwritten with the gradient of x; left out for a first layer. */
  dx?: View;
  /** The gradient of the weight is added to it. */
  dWeight?: View;
  /** The gradient of the bias is added to it. */
  dBias?: View;
}

/** The names of the options of convolutions. */
export const CONV2D_KEYS = ["stride", "padding", "dilation", "groups"] as const;

/** Sizes of a convolution; those of channels are of one group. */
interface Geometry {
  readonly batch: number;
  readonly groups: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Elements of an image of one channel. */
  readonly area: number;
  /** Outputs of a channel, by axis and together: columns of the matrix of windows. */
  readonly out: readonly [number, number];
  readonly positions: number;
  /** Elements of a window: rows of the matrix. */
  readonly depth: number;
  /** Sizes of im2col and col2im, in their order. */
  readonly window: readonly [
    ...[number, number, number, number, number, number, number],
    ...[number, number, number, number, number, number],
  ];
}

function geometry(x: readonly number[], weight: readonly number[], options: Conv2dOptions): Geometry {
  checkKeys("conv2d", options, CONV2D_KEYS);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  checkShape("weight", weight);
  if (weight.length !== 4) refuse("weight", weight, "[outputs, inputs / groups, height, width]", "SHAPE_MISMATCH");
  const [batch, channels, height, width] = checkImages("x", x);
  const [allOutputs, inputs, tall, wide] = weight as readonly [number, number, number, number];
  checkInteger("groups", groups, "[1, inf)");
  if (channels !== inputs * groups) {
    refuse("weight", weight, `${channels} / ${groups} inputs to each output, to match x`, "SHAPE_MISMATCH");
  }
  if (allOutputs % groups !== 0) refuse("groups", groups, `a divisor of the ${allOutputs} outputs`);
  const [strideY, strideX] = pair("stride", stride, "[1, inf)");
  const [dilationY, dilationX] = pair("dilation", dilation, "[1, inf)");
  const same = padding === "same";
  if (same && (strideY !== 1 || strideX !== 1)) refuse("padding", padding, "numbers, since stride is not 1");
  const spare = [dilationY * (tall - 1), dilationX * (wide - 1)] as const;
  const [padY, padX] = padding === "same" ? spare.map((s) => Math.floor(s / 2)) : pair("padding", padding, "[0, inf)");
  const axisY: Axis = { size: height, kernel: tall, stride: strideY, pad: padY!, dilation: dilationY };
  const axisX: Axis = { size: width, kernel: wide, stride: strideX, pad: padX!, dilation: dilationX };
  const out = same ? ([height, width] as const) : ([outSize(axisY), outSize(axisX)] as const);
  if (out[0] < 1 || out[1] < 1) refuse("x", x, "room for a window of the kernel", "SHAPE_MISMATCH");
  return {
    ...{ batch, groups, inputs, outputs: allOutputs / groups, area: height * width, out },
    ...{ positions: out[0] * out[1], depth: inputs * tall * wide },
    window: [inputs, height, width, ...out, tall, wide, strideY, strideX, padY!, padX!, dilationY, dilationX],
  };
}

/**
 * The shape of the output: [batch, outputs, height, width], where size becomes
 * floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
 */
export function conv2dShape(
  x: readonly number[],
  weight: readonly number[],
  options: Conv2dOptions = {},
): [number, number, number, number] {
  const { batch, groups, outputs, out } = geometry(x, weight, options);
  return [batch, groups * outputs, ...out];
}

/** Bytes of workspace, forward and backward alike: the windows of one image and group, and that of `gemm`. */
export function conv2dBytes(x: readonly number[], weight: readonly number[], options: Conv2dOptions = {}): number {
  const { depth, positions } = geometry(x, weight, options);
  return bytesOf("f32", depth * positions) + workspaceBytes(linalg.table.gemm, {});
}

/**
 * y[n, o, i, j] = bias[o] + sum over c, k, l of weight[o, c, k, l] x[n, c, i stride - padding + k dilation, ...], zeros
 * outside the image, for x [batch, inputs, height, width], weight [outputs, inputs / groups, height, width], bias
 * [outputs] or null, and y of `conv2dShape`: the layout of torch.nn.Conv2d. Outputs of group g see its inputs alone.
 *
 * The windows of each image become the columns of a matrix (K. Chellapilla, S. Puri and P. Simard, "High performance
 * convolutional neural networks for document processing", 2006), in a workspace of `conv2dBytes` that the runtime
 * keeps.
 */
export function conv2d(x: View, weight: View, bias: View | null, y: View, options: Conv2dOptions = {}): void {
  const engine = engineOf("y", y);
  checkView("x", x, engine, "f32");
  checkView("weight", weight, engine, "f32");
  const sizes = geometry(x.shape, weight.shape, options);
  const { batch, groups, inputs, outputs, area, positions, depth, window } = sizes;
  if (bias) checkView("bias", bias, engine, "f32", [groups * outputs]);
  checkView("y", y, engine, "f32", [batch, groups * outputs, ...sizes.out]);
  checkDistinct({ y }, { x, weight, bias });
  const windows = rowMajor(engine.region("windows", bytesOf("f32", depth * positions)), depth, positions);
  // A copy: memory may grow below, and leave a view of it empty.
  const biases = bias && [...valuesOf(bias)];
  for (let part = 0; part < batch * groups; part++) {
    const first = (part % groups) * outputs;
    const to = rowMajor(advanced(y.pointer, part * outputs * positions), outputs, positions);
    nn.of(engine).im2col(advanced(x.pointer, part * inputs * area), windows.at, ...window);
    if (biases) {
      for (let o = 0; o < outputs; o++) {
        engine.unchecked.fill(advanced(to.at, o * positions), positions, biases[first + o]!);
      }
    }
    const kernels = rowMajor(advanced(weight.pointer, first * depth), outputs, depth);
    product(engine, kernels, windows, to, { beta: bias ? 1 : 0 });
  }
}

/**
 * Gradients of `conv2d` with the same options: dx = W^T dy for each window, added up where windows overlap, in the
 * order of the places of the kernel; dWeight += dy (windows)^T; dBias += the sums of dy. What is left out costs
 * nothing.
 */
export function conv2dBackward(
  x: View,
  weight: View,
  dy: View,
  gradients: Conv2dGradients,
  options: Conv2dOptions = {},
): void {
  checkKeys("gradients", gradients, ["dx", "dWeight", "dBias"]);
  const { dx, dWeight, dBias } = gradients;
  const engine = engineOf("dy", dy);
  checkView("x", x, engine, "f32");
  checkView("weight", weight, engine, "f32");
  const sizes = geometry(x.shape, weight.shape, options);
  const { batch, groups, inputs, outputs, area, positions, depth, window } = sizes;
  checkView("dy", dy, engine, "f32", [batch, groups * outputs, ...sizes.out]);
  if (dx) checkView("dx", dx, engine, "f32", x.shape);
  if (dWeight) checkView("dWeight", dWeight, engine, "f32", weight.shape);
  if (dBias) checkView("dBias", dBias, engine, "f32", [groups * outputs]);
  checkDistinct({ dx, dWeight, dBias }, { x, weight, dy });
  const windows = rowMajor(engine.region("windows", bytesOf("f32", depth * positions)), depth, positions);
  for (let part = 0; part < batch * groups; part++) {
    const first = (part % groups) * outputs * depth;
    const from = rowMajor(advanced(dy.pointer, part * outputs * positions), outputs, positions);
    if (dWeight) {
      nn.of(engine).im2col(advanced(x.pointer, part * inputs * area), windows.at, ...window);
      const sum = rowMajor(advanced(dWeight.pointer, first), outputs, depth);
      product(engine, from, transpose(windows), sum, { beta: 1 });
    }
    if (dx) {
      product(engine, transpose(rowMajor(advanced(weight.pointer, first), outputs, depth)), from, windows);
      nn.of(engine).col2im(windows.at, advanced(dx.pointer, part * inputs * area), ...window);
    }
  }
  if (dBias) addChannelSums(dy, dBias, positions);
}

/** The elements of a tensor; none over memory that is not there, where `data` would throw. */
function valuesOf({ engine, pointer, size }: View): Float32Array {
  return engine.heap.views.f32.subarray(pointer / 4, pointer / 4 + size);
}

/** out[c] += the sum of channel c over batch and positions, in float64. */
function addChannelSums(dy: View, out: View, positions: number): void {
  const channels = out.size;
  const totals = new Float64Array(channels);
  for (let s = 0; s < dy.size / positions; s++) {
    totals[s % channels]! += dy.engine.unchecked.sum(advanced(dy.pointer, s * positions), positions);
  }
  const values = valuesOf(out);
  for (let c = 0; c < channels; c++) values[c]! += totals[c]!;
}
