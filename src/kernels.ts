/**
 * The kernel table: every kernel, described once. From it come the types of the bound kernels, the check that a Wasm
 * build matches the sources, the bounds check of pointers, the parity fuzz and the benchmarks.
 */
import { describe, SimdOptimError } from "./check.ts";
import type { Views } from "./heap.ts";
import { CHUNK } from "./reference/chunk.ts";
import type * as twins from "./reference/index.ts";

/** The sizes in a call, by name: what operand lengths are computed from. */
export type Sizes = Readonly<Record<string, number>>;

/** An array in linear memory: how it is used and how many elements it has. */
export interface Operand {
  readonly kind: "operand";
  readonly name: string;
  /** "work" is a workspace whose contents mean nothing after the call. */
  readonly access: "in" | "out" | "inout" | "work";
  readonly type: "f32" | "u32" | "f64";
  /** The bound of u32 elements that are indices. */
  readonly below?: (sizes: Sizes) => number;
  readonly length: (sizes: Sizes) => number;
}

/** A number in a call: a size in elements, any real number, or 32 random bits. */
export interface Scalar {
  readonly kind: "size" | "real" | "bits";
  readonly name: string;
}

export interface Kernel {
  /** What may be split over threads, and how: by elements, by chunks of a sum, by rows, or not. */
  readonly kind: "map" | "fold" | "rows" | "matrix";
  readonly args: readonly (Operand | Scalar)[];
  /** How to choose sizes for kernels that have more than the single size n. */
  readonly sizes?: SizeChoice;
}

export interface SizeChoice {
  /** Sizes for a benchmark over about `elements` elements. */
  readonly typical: (elements: number) => Sizes;
  /** Sizes for a test; `below(bound)` draws a whole number below the bound. */
  readonly random: (below: (bound: number) => number) => Sizes;
}

type Length = (sizes: Sizes) => number;
const all: Length = ({ n }) => n!;

function read(name: string, length: Length = all): Operand {
  return { kind: "operand", name, access: "in", type: "f32", length };
}

function write(name: string, length: Length = all): Operand {
  return { kind: "operand", name, access: "out", type: "f32", length };
}

function update(name: string, length: Length = all): Operand {
  return { kind: "operand", name, access: "inout", type: "f32", length };
}

function index(name: string, length: Length, below: Length): Operand {
  return { kind: "operand", name, access: "in", type: "u32", length, below };
}

function work(length: number | Length, type: "f32" | "f64" = "f32"): Operand {
  const lengthOf = typeof length === "number" ? () => length : length;
  return { kind: "operand", name: "work", access: "work", type, length: lengthOf };
}

/** Float64 results of a kernel that has several; "inout" where it adds to them. */
function sums(count: number, access: "out" | "inout" = "out"): Operand {
  return { kind: "operand", name: "sums", access, type: "f64", length: () => count };
}

/** Bytes of an element of an operand, which is also its alignment. */
export function elementBytes({ type }: Operand): number {
  return type === "f64" ? 8 : 4;
}

function size(name: string): Scalar {
  return { kind: "size", name };
}

function reals(...names: string[]): Scalar[] {
  return names.map((name) => ({ kind: "real", name }));
}

function bits(...names: string[]): Scalar[] {
  return names.map((name) => ({ kind: "bits", name }));
}

/** Independent elements: operands, then n, then real scalars. */
function map(operands: Operand[], ...scalars: string[]): Kernel {
  return { kind: "map", args: [...operands, size("n"), ...reals(...scalars)] };
}

function fold(...operands: Operand[]): Kernel {
  return { kind: "fold", args: [...operands, size("n")] };
}

const area: Length = ({ rows, columns }) => rows! * columns!;
const rows: Length = ({ rows }) => rows!;
const columns: Length = ({ columns }) => columns!;

/** Rows and columns, and a table to pick rows from. */
const rowSizes: SizeChoice = {
  typical: (elements) => {
    const rows = Math.max(1, Math.floor(elements / 256));
    return { rows, columns: 256, height: rows };
  },
  random: (below) => ({ rows: below(150), columns: 1 + below(70), height: 1 + below(30) }),
};

/** A stack of matrices, and what belongs to each of their rows and columns. */
const stackSizes = ["batch", "rows", "columns"].map(size);
const stack: Length = ({ batch, rows, columns }) => batch! * rows! * columns!;
const stackRows: Length = ({ batch, rows }) => batch! * rows!;
const stackColumns: Length = ({ batch, columns }) => batch! * columns!;
const stackChoice: SizeChoice = {
  typical: (elements) => ({ batch: 1, rows: Math.max(1, Math.floor(elements / 1024)), columns: 1024 }),
  random: (below) =>
    below(4) === 0
      ? { batch: 1, rows: below(4), columns: below(3000) }
      : { batch: below(4), rows: below(40), columns: below(40) },
};

/** Rows, and weights for `period` rows in turn. */
const normRowSizes: SizeChoice = {
  typical: (elements) => ({ rows: Math.max(1, Math.floor(elements / 256)), columns: 256, period: 1 }),
  random: (below) => ({ rows: below(12), columns: below(below(10) === 0 ? 2200 : 60), period: 1 + below(3) }),
};
const weights: Length = ({ period, columns }) => period! * columns!;
const rowStatistics: Length = ({ rows }) => 3 * rows!;

/** Segments of `width` elements, each of a channel and of a group. */
const segmentSizes = ["segments", "width", "channels", "groups", "span"].map(size);
const elements: Length = ({ segments, width }) => segments! * width!;
const channels: Length = ({ channels }) => channels!;
const groups: Length = ({ groups }) => groups!;
const groupStatistics: Length = ({ groups }) => 3 * groups!;
const segmentChoice: SizeChoice = {
  typical: (elements) => ({
    ...{ segments: 64 * Math.max(1, Math.floor(elements / 16384)), width: 256 },
    ...{ channels: 64, groups: 64, span: 1 },
  }),
  random: (below) => {
    // Now and then past a chunk.
    const long = below(8) === 0;
    const [batch, parts, span] = [below(5), 1 + below(long ? 2 : 12), 1 + below(4)];
    const width = long ? 1 + below(2200) : below(2) === 0 ? 1 : 1 + below(40);
    const channels = parts * span;
    // Batch norm, or group norm.
    const grouping = below(2) === 0 ? { groups: channels, span: 1 } : { groups: batch * parts, span };
    return { segments: batch * channels, width, channels, ...grouping };
  },
};

/** Windows over planes: convolution has `channels` of them, pooling `planes`. */
const windowSizes = [
  ...["height", "width", "outHeight", "outWidth", "kernelHeight", "kernelWidth"],
  ...["strideY", "strideX", "padY", "padX"],
].map(size);
const windowChoice: SizeChoice = {
  typical: (elements) => {
    const planes = Math.max(1, Math.floor(elements / 1024));
    return {
      ...{ channels: planes, planes, height: 32, width: 32, outHeight: 32, outWidth: 32 },
      ...{ kernelHeight: 3, kernelWidth: 3, strideY: 1, strideX: 1, padY: 1, padX: 1 },
      ...{ dilationY: 1, dilationX: 1, padded: 1 },
    };
  },
  random: (below) => {
    // Every window touches its plane, which pooling asks for.
    const axis = (most: number) => {
      const [kernel, stride, dilation] = [1 + below(4), 1 + below(3), 1 + below(3)];
      const [size, pad] = [dilation * (kernel - 1) + 1 + below(most), below(1 + Math.floor(kernel / 2))];
      const out = Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
      return { kernel, stride, dilation, size, pad, out };
    };
    const [y, x, planes] = [axis(6), axis(30), below(4)];
    return {
      ...{ channels: planes, planes, height: y.size, width: x.size, outHeight: y.out, outWidth: x.out },
      ...{ kernelHeight: y.kernel, kernelWidth: x.kernel, strideY: y.stride, strideX: x.stride },
      ...{ padY: y.pad, padX: x.pad, dilationY: y.dilation, dilationX: x.dilation, padded: below(2) },
    };
  },
};
const images: Length = (s) => (s["channels"] ?? s["planes"])! * s["height"]! * s["width"]!;
const windows: Length = (s) => (s["channels"] ?? s["planes"])! * s["outHeight"]! * s["outWidth"]!;
const windowMatrix: Length = (s) => windows(s) * s["kernelHeight"]! * s["kernelWidth"]!;
const conv = [size("channels"), ...windowSizes, size("dilationY"), size("dilationX")];
const avgPool = [size("planes"), ...windowSizes, size("padded")];

/** Every so many elements of an array. */
const strideSizes: SizeChoice = {
  typical: (elements) => ({ n: elements, every: 1 }),
  random: (below) => ({ n: below(4000), every: 1 + below(4) }),
};
const picked: Length = ({ n, every }) => Math.ceil(n! / every!);

/** Matrices, each of them transposed or not. */
const gemmSizes: SizeChoice = {
  typical: (elements) => {
    const side = Math.max(1, Math.floor(Math.sqrt(elements)));
    return { m: side, n: side, k: side, aRow: side, aColumn: 1, bRow: side, bColumn: 1 };
  },
  random: (below) => {
    // Now and then past each block size.
    const [m, n, k] = [
      [140, 30, 30],
      [30, 530, 30],
      [30, 30, 530],
      [60, 60, 60],
    ][below(4)]!.map(below) as [number, number, number];
    const [aRow, aColumn] = below(2) === 0 ? [k, 1] : [1, m];
    const [bRow, bColumn] = below(2) === 0 ? [n, 1] : [1, k];
    return { m, n, k, aRow, aColumn, bRow, bColumn };
  },
};

/** Elements that a strided matrix spans, from its first to its last. */
function extent(height: string, width: string, row: string, column: string): Length {
  return (s) => (s[height]! && s[width]! ? (s[height]! - 1) * s[row]! + (s[width]! - 1) * s[column]! + 1 : 0);
}

/** Sequences of packed or separate rows, which several heads share. */
const attentionSizes = ["batch", "context", "heads", "width", "stride"].map(size);
const attentionRows: Length = ({ batch, context, heads, width, stride }) =>
  batch! * context! === 0 ? 0 : (batch! * context! - 1) * stride! + heads! * width!;
const attentionOut: Length = ({ batch, context, heads, width }) => batch! * context! * heads! * width!;
const attentionStats: Length = ({ batch, context, heads }) => 2 * batch! * heads! * context!;
const attentionChoice: SizeChoice = {
  typical: (elements) => ({
    batch: Math.max(1, Math.floor(elements / 8192)),
    context: 64,
    heads: 4,
    width: 32,
    stride: 384,
  }),
  random: (below) => {
    const [heads, width] = [1 + below(3), 1 + below(20)];
    return { batch: below(3), context: 1 + below(90), heads, width, stride: heads * width * (1 + 2 * below(2)) };
  },
};

/** Elements of the workspace of `causalAttention` and its backward pass: transposed keys and values, and scores. */
export function attentionWork({ context, width }: Sizes, backward: boolean): number {
  const pitch = Math.ceil(context! / 8) * 8 + 8;
  return pitch * (backward ? 2 * width! + 64 : width! + 4);
}

const ADABELIEF = ["scale", "l2", "decay", "pull", "beta2", "gain2", "floor", "step"];
const ADAM_L2 = ["scale", "l2", "beta1", "gain1", "beta2", "gain2", "step", "eps"];
const ADAM_DECAY = ["beta1", "gain1", "beta2", "gain2", "step", "eps", "decay"];
const ADAMAX = ["scale", "l2", "beta1", "gain1", "beta2", "step", "eps"];
const NADAM = ["scale", "l2", "beta1", "gain1", "beta2", "gain2", "stepG", "stepM", "eps", "decay"];
const RMSPROP = ["scale", "l2", "alpha", "gain2", "inside", "outside"];
const RMSPROP_CENTERED = ["scale", "l2", "alpha", "gain1", "gain2", "inside", "outside"];
const MIXED = ["beta1", "gain1", "beta2", "gain2", "beta3", "gain3", "step1", "step2", "eps", "decay"];
const SGD_BUFFERED = ["scale", "l2", "lr", "momentum"];

/** Elements of the workspace of kernels that map and sum at once. */
export { CHUNK };

/** Elements of the workspace of kernels that sum squares for monitoring. */
const NORM_PARTIALS = 12;

const factors = [read("rowFactor", stackRows), read("columnFactor", stackColumns)];

/** Elements of the workspace of `gemm`: packed blocks of 128 x 256 and 256 x 512, and a tile of 4 x 8. */
export const GEMM_WORK = 128 * 256 + 256 * 512 + 4 * 8;

export const kernelTable = {
  accumulate: map([update("x"), update("y")], "alpha"),
  adaptiveClip: {
    kind: "rows",
    args: [read("p", area), update("g", area), size("rows"), size("columns"), ...reals("clipping", "eps")],
    sizes: rowSizes,
  },
  adadelta: map([update("p"), update("v"), update("u"), read("g")], "scale", "l2", "rho", "gain", "eps", "lr"),
  adagrad: map([update("p"), update("s"), read("g")], "scale", "l2", "step", "inside", "outside"),
  adaBelief: map([update("p"), update("m"), update("v"), read("g")], ...ADABELIEF, "eps"),
  adaBeliefAmsgrad: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADABELIEF, "eps"),
  adaBeliefMomentum: map([update("p"), update("m"), update("v"), read("g")], ...ADABELIEF),
  adaBound: map([update("p"), update("m"), update("v"), read("g")], ...ADAM_L2, "low", "high"),
  adaBoundAmsbound: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADAM_L2, "low", "high"),
  adafactorMoments: {
    kind: "matrix",
    args: [
      ...[read("g", stack), update("row", stackRows), update("column", stackColumns)],
      ...[write("rowFactor", stackRows), write("columnFactor", stackColumns), work(columns, "f64")],
      ...stackSizes,
      ...reals("scale", "beta", "gain", "eps", "floor"),
    ],
    sizes: stackChoice,
  },
  adafactorMomentum: {
    kind: "rows",
    args: [
      ...[update("p", stack), update("m", stack), read("g", stack), ...factors, ...stackSizes],
      ...reals("cap", "decay", "beta1", "step"),
    ],
    sizes: stackChoice,
  },
  adafactorNorm: {
    kind: "fold",
    args: [read("g", stack), ...factors, work(1024), ...stackSizes, ...reals("cap")],
    sizes: stackChoice,
  },
  adafactorStep: {
    kind: "rows",
    args: [update("p", stack), read("g", stack), ...factors, ...stackSizes, ...reals("cap", "decay", "step")],
    sizes: stackChoice,
  },
  adafactorVariance: map([read("g"), update("v"), write("factor")], "scale", "beta", "gain", "eps"),
  adam: map([update("p"), update("m"), update("v"), read("g")], ...ADAM_L2),
  adamAmsgrad: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADAM_L2),
  adamax: map([update("p"), update("m"), update("u"), read("g")], ...ADAMAX),
  adamw: map([update("p"), update("m"), update("v"), read("g")], ...ADAM_DECAY),
  adamwAmsgrad: map([update("p"), update("m"), update("v"), update("u"), read("g")], ...ADAM_DECAY),
  adamwNorms: {
    kind: "fold",
    args: [
      ...[update("p"), update("m"), update("v"), read("g"), work(NORM_PARTIALS), sums(3, "inout"), size("n")],
      ...reals(...ADAM_DECAY),
    ],
  },
  adan: map([update("p"), update("m"), update("d"), update("v"), update("last"), read("g")], "scale", ...MIXED),
  addBias: {
    kind: "rows",
    args: [read("bias", columns), update("y", area), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  asgdAverage: map([update("p"), update("a"), read("g")], "scale", "l2", "eta", "mu"),
  asgdCopy: map([update("p"), write("a"), read("g")], "scale", "l2", "eta"),
  ademamix: map([update("p"), update("fast"), update("slow"), update("v"), read("g")], ...MIXED),
  agdNorms: {
    kind: "fold",
    args: [read("g", area), write("norm", columns), work(columns, "f64"), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  agdStep: {
    kind: "rows",
    args: [update("p", area), read("g", area), read("norm", columns), size("rows"), size("columns"), ...reals("step")],
    sizes: rowSizes,
  },
  avgPool2d: { kind: "rows", args: [read("x", images), write("y", windows), ...avgPool], sizes: windowChoice },
  avgPool2dBackward: {
    kind: "rows",
    args: [read("dy", windows), write("dx", images), ...avgPool],
    sizes: windowChoice,
  },
  axpy: map([read("x"), update("y")], "alpha"),
  centralize: { kind: "rows", args: [update("g", area), size("rows"), size("columns")], sizes: rowSizes },
  channelMoments: {
    kind: "fold",
    args: [
      ...[read("x", elements), write("saved", groupStatistics), write("variance", groups)],
      work(({ groups }) => 2 * groups! + 2, "f64"),
      ...["segments", "width", "groups", "span"].map(size),
      ...reals("eps"),
    ],
    sizes: segmentChoice,
  },
  channelNorm: {
    kind: "rows",
    args: [
      ...[read("x", elements), read("weight", channels), read("bias", channels), write("y", elements)],
      ...[read("saved", groupStatistics), ...segmentSizes],
    ],
    sizes: segmentChoice,
  },
  channelNormBackward: {
    kind: "rows",
    args: [
      ...[read("x", elements), read("weight", channels), read("dy", elements), read("saved", groupStatistics)],
      ...[read("means", ({ groups }) => 2 * groups!), write("dx", elements), ...segmentSizes],
    ],
    sizes: segmentChoice,
  },
  channelNormSums: {
    kind: "fold",
    args: [
      ...[read("x", elements), read("weight", channels), read("dy", elements), read("saved", groupStatistics)],
      ...[update("dWeight", channels), update("dBias", channels), write("means", ({ groups }) => 2 * groups!)],
      work(({ width, channels }) => (width === 1 ? channels! : width!)),
      work(({ channels, groups }) => 2 * (channels! + groups!), "f64"),
      ...segmentSizes,
    ],
    sizes: segmentChoice,
  causalAttention: {
    kind: "rows",
    args: [
      ...[read("q", attentionRows), read("k", attentionRows), read("v", attentionRows)],
      ...[write("out", attentionOut), write("stats", attentionStats), work((sizes) => attentionWork(sizes, false))],
      ...attentionSizes,
      ...reals("scale"),
    ],
    sizes: attentionChoice,
  },
  causalAttentionBackward: {
    kind: "rows",
    args: [
      ...[read("q", attentionRows), read("k", attentionRows), read("v", attentionRows)],
      ...[read("out", attentionOut), read("stats", attentionStats), read("dOut", attentionOut)],
      ...[update("dq", attentionRows), update("dk", attentionRows), update("dv", attentionRows)],
      work((sizes) => attentionWork(sizes, true)),
      ...attentionSizes,
      ...reals("scale"),
    ],
    sizes: attentionChoice,
  },
  clamp: map([read("x"), write("y")], "low", "high"),
  col2im: { kind: "rows", args: [read("columns", windowMatrix), write("x", images), ...conv], sizes: windowChoice },
  copy: map([read("x"), write("y")]),
  countNonFinite: fold(read("x")),
  dot: fold(read("x"), read("y")),
  drain: map([update("x"), write("y")], "alpha"),
  dropout: {
    kind: "map",
    args: [
      ...[read("x"), write("y"), work(1024), size("n")],
      ...bits("key0", "key1", "stream0", "stream1", "threshold"),
      ...reals("scale"),
    ],
  },
  exp: map([read("x"), write("y")]),
  fill: map([write("y")], "value"),
  firstNonFinite: fold(read("x")),
  firstOutOfRange: {
    kind: "fold",
    args: [index("index", all, ({ bound }) => bound! + 1), size("n"), size("bound")],
    sizes: {
      typical: (elements) => ({ n: elements, bound: 0xffffffff }),
      random: (below) => ({ n: below(1000), bound: 1 + below(2000) }),
    },
  },
  gatherRows: {
    kind: "rows",
    args: [
      read("table", ({ height, columns }) => height! * columns!),
      index("index", rows, ({ height }) => height!),
      write("out", area),
      size("rows"),
      size("columns"),
      size("height"),
    ],
    sizes: rowSizes,
  },
  gelu: map([read("x"), write("y"), write("slope")]),
  geluTanh: map([read("x"), write("y"), write("slope")]),
  gemm: {
    kind: "matrix",
    args: [
      read("a", extent("m", "k", "aRow", "aColumn")),
      read("b", extent("k", "n", "bRow", "bColumn")),
      update("c", ({ m, n }) => m! * n!),
      work(GEMM_WORK),
      ...["m", "n", "k", "aRow", "aColumn", "bRow", "bColumn"].map(size),
      ...reals("alpha", "beta"),
    ],
    sizes: gemmSizes,
  },
  im2col: { kind: "rows", args: [read("x", images), write("columns", windowMatrix), ...conv], sizes: windowChoice },
  layerNorm: {
    kind: "rows",
    args: [
      ...[read("x", area), read("weight", weights), read("bias", weights), write("y", area)],
      ...[write("saved", rowStatistics), work(2, "f64"), ...["rows", "columns", "period"].map(size), ...reals("eps")],
    ],
    sizes: normRowSizes,
  },
  layerNormBackward: {
    kind: "matrix",
    args: [
      ...[read("x", area), read("weight", weights), read("dy", area), read("saved", rowStatistics)],
      ...[write("dx", area), update("dWeight", weights), update("dBias", weights)],
      ...[work(({ columns }) => 2 * columns!), work(({ period, columns }) => 2 * period! * columns!, "f64")],
      ...["rows", "columns", "period"].map(size),
    ],
    sizes: normRowSizes,
  },
  lerp: map([read("x"), update("y")], "weight"),
  lambMoments: {
    kind: "fold",
    args: [
      ...[read("p"), update("m"), update("v"), read("g"), work(CHUNK), sums(2), size("n")],
      ...reals("beta1", "gain1", "beta2", "gain2", "step", "eps", "l2"),
    ],
  },
  lambStep: map([update("p"), read("m"), read("v")], "step", "eps", "l2", "rate"),
  lion: map([update("p"), update("m"), read("g")], "beta1", "gain1", "beta2", "gain2", "lr", "decay"),
  log: map([read("x"), write("y")]),
  maxAbs: fold(read("x")),
  maxPool2d: {
    kind: "rows",
    args: [
      ...[read("x", images), write("y", windows), { ...write("index", windows), type: "u32" as const }],
      ...[size("planes"), ...windowSizes, size("dilationY"), size("dilationX")],
    ],
    sizes: windowChoice,
  },
  maxPool2dBackward: {
    kind: "rows",
    args: [
      read("dy", ({ planes, out }) => planes! * out!),
      index(
        "index",
        ({ planes, out }) => planes! * out!,
        ({ area }) => area!,
      ),
      write("dx", ({ planes, area }) => planes! * area!),
      ...["planes", "area", "out"].map(size),
    ],
    sizes: {
      typical: (elements) => ({ planes: Math.max(1, Math.floor(elements / 1024)), area: 1024, out: 256 }),
      random: (below) => ({ planes: below(5), area: 1 + below(200), out: below(100) }),
    },
  },
  multiply: map([read("x"), read("y"), write("z")]),
  nadam: map([update("p"), update("m"), update("v"), read("g")], ...NADAM),
  nagGs: map([update("p"), update("v"), read("g")], "b", "push", "a"),
  normalFromBits: map([update("y")], "mean", "deviation"),
  pick: {
    kind: "map",
    args: [read("x", ({ n, every }) => (n! === 0 ? 0 : (n! - 1) * every! + 1)), write("y"), size("n"), size("every")],
    sizes: strideSizes,
  },
  prodigyAccumulate: {
    kind: "fold",
    args: [...[read("p"), read("origin"), update("s"), read("g"), work(1024), sums(3), size("n")], ...reals("gain")],
  },
  prodigyAverage: map([write("p"), read("origin"), read("s")], "gamma"),
  prodigyGather: {
    kind: "fold",
    args: [
      ...[read("p"), update("m"), update("v"), read("origin", picked), update("s", picked), read("g")],
      ...[work(2 * 1024), sums(2), size("n"), size("every")],
      ...reals("scale", "l2", "beta1", "gain1", "beta2", "gain2", "beta3", "gain3"),
    ],
    sizes: strideSizes,
  },
  prodigyMeasure: fold(read("p"), read("origin"), read("g"), work(1024), sums(3)),
  prodigyStep: map([update("p"), read("m"), read("v")], "decay", "step", "eps"),
  randomBits: { kind: "map", args: [write("out"), size("n"), ...bits("first", "key0", "key1", "stream0", "stream1")] },
  relu: map([read("x"), write("y")]),
  reluBackward: map([read("y"), read("dy"), write("dx")]),
  repeatRow: {
    kind: "rows",
    args: [read("x", columns), write("y", area), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  rmsprop: map([update("p"), update("v"), read("g")], ...RMSPROP, "lr"),
  rmspropCentered: map([update("p"), update("v"), update("a"), read("g")], ...RMSPROP_CENTERED, "lr"),
  rmspropCenteredMomentum: map(
    [update("p"), update("v"), update("a"), update("b"), read("g")],
    ...RMSPROP_CENTERED,
    "lr",
    "momentum",
  ),
  rmspropMomentum: map([update("p"), update("v"), update("b"), read("g")], ...RMSPROP, "lr", "momentum"),
  rmsNorm: {
    kind: "rows",
    args: [
      ...[read("x", area), read("weight", columns), write("y", area), write("saved", rows)],
      ...[size("rows"), size("columns"), ...reals("eps")],
    ],
    sizes: normRowSizes,
  },
  rmsNormBackward: {
    kind: "matrix",
    args: [
      ...[read("x", area), read("weight", columns), read("dy", area), read("saved", rows)],
      ...[write("dx", area), update("dWeight", columns)],
      ...[work(({ columns }) => 2 * columns!), work(columns, "f64"), size("rows"), size("columns")],
    ],
    sizes: normRowSizes,
  },
  rprop: map([update("p"), update("q"), update("s"), read("g")], "scale", "down", "up", "low", "high"),
  scale: map([read("x"), write("y")], "alpha"),
  scheduleFreeAdam: map(
    [update("y"), update("z"), update("v"), read("g")],
    ...["gain", "decay", "beta2", "gain2", "eps", "c", "pull", "lr"],
  ),
  scheduleFreeAdamInner: map(
    [update("y"), update("z"), update("m"), update("v"), read("g")],
    ...["gain", "decay", "beta1", "gain1", "beta2", "gain2", "eps", "c", "pull", "lr"],
  ),
  scheduleFreeSgd: map([update("y"), update("z"), read("g")], "scale", "decay", "c", "pull", "lr"),
  scheduleFreeWarmup: map(
    [update("y"), update("z"), update("v"), read("g")],
    ...["scale", "decay", "beta2", "gain2", "c", "pull", "lr"],
  ),
  scatterAddRows: {
    kind: "matrix",
    args: [
      read("x", area),
      index("index", rows, ({ height }) => height!),
      update("table", ({ height, columns }) => height! * columns!),
      size("rows"),
      size("columns"),
      size("height"),
    ],
    sizes: rowSizes,
  },
  sgd: map([update("p"), read("g")], "scale", "l2", "lr"),
  sgdMomentum: map([update("p"), update("b"), read("g")], "scale", "lr", "momentum"),
  sgdMomentumL2: map([update("p"), update("b"), read("g")], ...SGD_BUFFERED),
  sgdNesterov: map([update("p"), update("b"), read("g")], ...SGD_BUFFERED),
  sigmoid: map([read("x"), write("y")]),
  sigmoidBackward: map([read("y"), read("dy"), write("dx")]),
  signSgd: map([update("p"), read("g")], "scale", "lr", "decay"),
  silu: map([read("x"), write("y"), write("slope")]),
  softmaxCrossEntropy: {
    kind: "rows",
    args: [
      read("logits", area),
      index("targets", rows, columns),
      write("losses", rows),
      write("gradient", area),
      size("rows"),
      size("columns"),
      ...reals("weight"),
    ],
    sizes: rowSizes,
  },
  softmaxRows: {
    kind: "rows",
    args: [read("x", area), write("y", area), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  softmaxRowsBackward: {
    kind: "rows",
    args: [read("y", area), read("dy", area), write("dx", area), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  sophiaG: map(
    [update("p"), update("m"), read("h"), read("g")],
    ...["beta1", "gain1", "curvature", "eps", "lr", "decay"],
  ),
  sophiaGHessian: map([update("h"), read("g")], "beta2", "gain2"),
  stepNorms: fold(read("before"), read("p"), read("g"), work(NORM_PARTIALS), sums(3, "inout")),
  sum: fold(read("x")),
  sumAbs: fold(read("x")),
  sumRows: {
    kind: "matrix",
    args: [read("x", area), update("out", columns), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  sumSquares: fold(read("x")),
  svrg: map([update("p"), read("g"), read("s"), read("u")], "lr"),
  tanh: map([read("x"), write("y")]),
  tanhBackward: map([read("y"), read("dy"), write("dx")]),
  truncatedNormalFromBits: map([update("y")], "mean", "deviation", "below", "within", "above", "low", "high"),
  uniformFromBits: map([update("y")], "low", "range"),
} satisfies Record<keyof typeof twins, Kernel>;

export type KernelName = keyof typeof kernelTable;
export const kernelNames = Object.keys(kernelTable) as KernelName[];

type Bound<F> = F extends (memory: Views, ...args: infer A) => infer R ? (...args: A) => R : never;

/** Every kernel, bound to one memory. Pointers are byte addresses, a multiple of 4. */
export type Kernels = { readonly [K in KernelName]: Bound<(typeof twins)[K]> };

type Twin = (memory: Views, ...values: number[]) => number | undefined;

/** The twins over `views`, which must be kept up to date as memory grows. */
export function bindTwins(module: typeof twins, views: Views): Kernels {
  const bound = Object.entries(module).map(([name, twin]) => [name, (twin as Twin).bind(undefined, views)]);
  return Object.fromEntries(bound) as unknown as Kernels;
}

/** The kernels among the exports of a Wasm instance; refuses a build that does not match the table. */
export function bindWasm(exports: WebAssembly.Exports): Kernels {
  for (const name of kernelNames) {
    const kernel = exports[name];
    const expected = kernelTable[name].args.length;
    const arity = typeof kernel === "function" ? kernel.length : undefined;
    if (arity !== expected) {
      const found = arity === undefined ? "is missing" : `takes ${arity} arguments`;
      throw new SimdOptimError(
        "STALE_BUILD",
        `stale Wasm build: kernel ${name} ${found}, the table says ${expected}; run "npm run build"`,
      );
    }
  }
  return Object.fromEntries(kernelNames.map((name) => [name, exports[name]])) as unknown as Kernels;
}

/** The same kernels, refusing any call whose operands do not lie in memory, aligned, before it is made. */
export function checked(kernels: Kernels, views: Views): Kernels {
  return Object.fromEntries(
    kernelNames.map((name) => [
      name,
      (...values: number[]) => {
        checkOperands(name, values, views.u8.length);
        return (kernels[name] as (...values: number[]) => unknown)(...values);
      },
    ]),
  ) as unknown as Kernels;
}

/** The sizes among the arguments of a call. */
export function sizesOf(kernel: Kernel, values: readonly number[]): Sizes {
  return Object.fromEntries(kernel.args.flatMap((arg, i) => (arg.kind === "size" ? [[arg.name, values[i]!]] : [])));
}

function checkOperands(name: KernelName, values: readonly number[], bytes: number): void {
  const kernel: Kernel = kernelTable[name];
  const sizes = sizesOf(kernel, values);
  if (values.length !== kernel.args.length) {
    throw new SimdOptimError("BAD_ARGUMENT", `${name}: got ${values.length} arguments, expected ${kernel.args.length}`);
  }
  kernel.args.forEach((arg, i) => {
    const value = values[i]!;
    if (arg.kind === "size" && !(Number.isInteger(value) && value >= 0)) {
      throw new SimdOptimError("BAD_ARGUMENT", `${name}.${arg.name}: got ${describe(value)}, expected a whole number`);
    }
    if (arg.kind !== "operand") return;
    const width = elementBytes(arg);
    const end = value + width * arg.length(sizes);
    if (!(Number.isInteger(value) && value > 0 && value % width === 0 && end <= bytes)) {
      throw new SimdOptimError(
        "POINTER_OUT_OF_BOUNDS",
        `${name}.${arg.name}: got ${arg.length(sizes)} elements at ${describe(value)}, expected a multiple of ${width} inside ${bytes} bytes of memory`,
      );
    }
  });
}
