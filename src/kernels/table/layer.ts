/** The kernels of layers. */
import {
  area,
  bits,
  columns,
  index,
  type Kernel,
  type Length,
  map,
  read,
  reals,
  rowSizes,
  rows,
  type SizeChoice,
  type Sizes,
  size,
  update,
  work,
  write,
} from "../row.ts";

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

export const layerKernels = {
  addBias: {
    kind: "rows",
    args: [read("bias", columns), update("y", area), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  avgPool2d: { kind: "rows", args: [read("x", images), write("y", windows), ...avgPool], sizes: windowChoice },
  avgPool2dBackward: {
    kind: "rows",
    args: [read("dy", windows), write("dx", images), ...avgPool],
    sizes: windowChoice,
  },
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
  },
  col2im: { kind: "rows", args: [read("columns", windowMatrix), write("x", images), ...conv], sizes: windowChoice },
  dropout: {
    kind: "map",
    args: [
      ...[read("x"), write("y"), work(1024), size("n")],
      ...bits("key0", "key1", "stream0", "stream1", "threshold"),
      ...reals("scale"),
    ],
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
  relu: map([read("x"), write("y")]),
  reluBackward: map([read("y"), read("dy"), write("dx")]),
  repeatRow: {
    kind: "rows",
    args: [read("x", columns), write("y", area), size("rows"), size("columns")],
    sizes: rowSizes,
  },
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
  sigmoid: map([read("x"), write("y")]),
  sigmoidBackward: map([read("y"), read("dy"), write("dx")]),
  silu: map([read("x"), write("y"), write("slope")]),
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
  sumRows: {
    kind: "matrix",
    args: [read("x", area), update("out", columns), size("rows"), size("columns")],
    sizes: rowSizes,
  },
  tanhBackward: map([read("y"), read("dy"), write("dx")]),
} satisfies Record<string, Kernel>;
