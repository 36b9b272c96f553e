import { checkBoolean, checkKeys, refuse } from "../../core/check.ts";
import { nn } from "../../kernels/nn.ts";
import { checkDistinct, checkView, engineOf, type View } from "../../tensor/tensor.ts";
import { checkIndices } from "../elements.ts";
import { type Axis, checkImages, type ImageShape, outSize, type Pair, pair } from "../window.ts";

/** Options that all pooling has; a pair is [height, width], a single number stands for both. */
export interface PoolOptions {
  /** Elements from one window to the next; those of the kernel unless it is given. */
  stride?: Pair;
  /** Places around the plane that windows may reach into; 0 unless it is given. */
  padding?: Pair;
  /** Also take windows that end beyond the padding, as long as they start before it; false unless it is given. */
  ceilMode?: boolean;
}

/** Options of `maxPool2d`. */
export interface MaxPoolOptions extends PoolOptions {
  /** Elements from one place of the kernel to the next; 1 unless it is given. */
  dilation?: Pair;
}

/** Options of `avgPool2d`. */
export interface AvgPoolOptions extends PoolOptions {
  /** Divide by the places of the window in plane and padding, rather than in the plane; true unless it is given. */
  countIncludePad?: boolean;
}

/** How a kernel moves, checked, defaults filled in. */
function movesOf(kernel: Pair, options: MaxPoolOptions & AvgPoolOptions) {
  const { stride = kernel, padding = 0, dilation = 1, ceilMode = false, countIncludePad = true } = options;
  const kernels = pair("kernel", kernel, "[1, inf)");
  const strides = pair("stride", stride, "[1, inf)");
  const pads = pair("padding", padding, "[0, inf)");
  const dilations = pair("dilation", dilation, "[1, inf)");
  checkBoolean("ceilMode", ceilMode);
  checkBoolean("countIncludePad", countIncludePad);
  return { kernels, strides, pads, dilations, ceilMode, countIncludePad };
}

/** @internal Refuses a kernel and options that no plane could be pooled with. */
export function checkPool(kind: "max" | "avg", kernel: Pair, options: MaxPoolOptions & AvgPoolOptions): void {
  checkKeys(`${kind}Pool2d`, options, kind === "max" ? MAX_KEYS : AVG_KEYS);
  movesOf(kernel, options);
}

/** The two axes, and how many windows each has. */
function axesOf(
  [, , height, width]: ImageShape,
  kernel: Pair,
  options: MaxPoolOptions & AvgPoolOptions,
): { axes: [Axis, Axis]; out: [number, number] } {
  const { padding = 0 } = options;
  const { kernels, strides, pads, dilations, ceilMode } = movesOf(kernel, options);
  const axes = [height, width].map((size, i) => {
    return { size, kernel: kernels[i]!, stride: strides[i]!, pad: pads[i]!, dilation: dilations[i]! };
  }) as [Axis, Axis];
  const out = axes.map((axis) => outSize(axis, ceilMode)) as [number, number];
  if (out[0] < 1 || out[1] < 1) refuse("x", [height, width], "room for a window", "SHAPE_MISMATCH");
  axes.forEach((axis, i) => {
    if (!touches(axis, out[i]!)) refuse("padding", padding, "windows that all reach into the plane");
  });
  return { axes, out };
}

/** Whether each of the windows has a place inside the axis. */
function touches({ size, kernel, stride, pad, dilation }: Axis, out: number): boolean {
  for (let o = 0; o < out; o++) {
    const start = o * stride - pad;
    const k = Math.max(0, Math.ceil(-start / dilation));
    if (k >= kernel || start + k * dilation >= size) return false;
  }
  return true;
}

const MAX_KEYS = ["stride", "padding", "ceilMode", "dilation"];
const AVG_KEYS = ["stride", "padding", "ceilMode", "countIncludePad"];

/** The shape of what `maxPool2d` or `avgPool2d` makes of x [batch, channels, height, width]. */
export function pool2dShape(
  x: readonly number[],
  kernel: Pair,
  options: MaxPoolOptions & AvgPoolOptions = {},
): [number, number, number, number] {
  checkKeys("pool2dShape", options, [...MAX_KEYS, ...AVG_KEYS]);
  const shape = checkImages("x", x);
  return [shape[0], shape[1], ...axesOf(shape, kernel, options).out];
}

/** Sizes of the kernels, in their order, but for the last. */
function sizesOf(planes: number, [y, x]: [Axis, Axis], [outHeight, outWidth]: [number, number]) {
  return [
    ...([planes, y.size, x.size, outHeight, outWidth, y.kernel, x.kernel] as const),
    ...([y.stride, x.stride, y.pad, x.pad] as const),
  ] as const;
}

/**
 * y = the largest element of each window of x [batch, channels, height, width], and `index` (u32, of the shape of y)
 * its place in its plane, as row width + column; of equals the first. Padding is less than any element; a window with
 * NaN gives NaN. Conventions of torch.nn.MaxPool2d.
 */
export function maxPool2d(x: View, kernel: Pair, y: View, index: View<"u32">, options: MaxPoolOptions = {}): void {
  checkKeys("maxPool2d", options, MAX_KEYS);
  const engine = engineOf("y", y);
  checkView("x", x, engine, "f32");
  const shape = checkImages("x", x.shape);
  const [batch, channels] = shape;
  const { axes, out } = axesOf(shape, kernel, options);
  checkView("y", y, engine, "f32", [batch, channels, ...out]);
  checkView("index", index, engine, "u32", y.shape);
  checkDistinct({ y }, { x });
  const sizes = sizesOf(batch * channels, axes, out);
  const dilations = [axes[0].dilation, axes[1].dilation] as const;
  nn.of(engine).maxPool2d(x.pointer, y.pointer, index.pointer, ...sizes, ...dilations);
}

/** dx = for each element, the sum of dy over the windows in which `maxPool2d` found it. */
export function maxPool2dBackward(dy: View, index: View<"u32">, dx: View): void {
  const engine = engineOf("dx", dx);
  const [batch, channels, height, width] = checkImages("dx", dx.shape);
  checkView("dy", dy, engine, "f32");
  const [dyBatch, dyChannels, outHeight, outWidth] = checkImages("dy", dy.shape);
  if (dyBatch !== batch || dyChannels !== channels) {
    refuse("dy", dy.shape, `batch ${batch} and ${channels} channels, as in dx`, "SHAPE_MISMATCH");
  }
  checkView("index", index, engine, "u32", dy.shape);
  const area = height * width;
  checkIndices("index", index, area);
  const planes = batch * channels;
  nn.of(engine).maxPool2dBackward(dy.pointer, index.pointer, dx.pointer, planes, area, outHeight * outWidth);
}

function avgSizes(shape: ImageShape, kernel: Pair, options: AvgPoolOptions) {
  const { axes, out } = axesOf(shape, kernel, options);
  const { countIncludePad = true } = options;
  const sizes = [...sizesOf(shape[0] * shape[1], axes, out), Number(countIncludePad)] as const;
  return { sizes, outShape: [shape[0], shape[1], ...out] };
}

/**
 * y = the mean of each window of x [batch, channels, height, width]. Padding counts as zeros, or with
 * `countIncludePad: false` not at all. A kernel of the size of the image pools it globally. Conventions of
 * torch.nn.AvgPool2d.
 */
export function avgPool2d(x: View, kernel: Pair, y: View, options: AvgPoolOptions = {}): void {
  checkKeys("avgPool2d", options, AVG_KEYS);
  const engine = engineOf("y", y);
  checkView("x", x, engine, "f32");
  const { sizes, outShape } = avgSizes(checkImages("x", x.shape), kernel, options);
  checkView("y", y, engine, "f32", outShape);
  checkDistinct({ y }, { x });
  nn.of(engine).avgPool2d(x.pointer, y.pointer, ...sizes);
}

/** dx = for each element, the sum over its windows of dy / what the mean divided by; kernel and options as before. */
export function avgPool2dBackward(dy: View, kernel: Pair, dx: View, options: AvgPoolOptions = {}): void {
  checkKeys("avgPool2dBackward", options, AVG_KEYS);
  const engine = engineOf("dx", dx);
  const { sizes, outShape } = avgSizes(checkImages("dx", dx.shape), kernel, options);
  checkView("dy", dy, engine, "f32", outShape);
  checkDistinct({ dx }, { dy });
  nn.of(engine).avgPool2dBackward(dy.pointer, dx.pointer, ...sizes);
}
