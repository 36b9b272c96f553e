/** The kernels of layers. */
import {
  area,
  columns,
  index,
  input,
  type Length,
  map,
  output,
  type Row,
  read,
  rowSizes,
  rows,
  type SizeChoice,
  type Sizes,
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

/** Sequences of packed or separate rows, which several heads share. */
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
function attentionWork({ context, width }: Sizes, backward: boolean): number {
  const pitch = Math.ceil(context! / 8) * 8 + 8;
  return pitch * (backward ? 2 * width! + 64 : width! + 4);
}

export const layerRows = {
  addBias: { kind: "rows", operands: { bias: read(columns), y: update(area) }, sizes: rowSizes },
  avgPool2d: { kind: "rows", operands: { x: read(images), y: write(windows) }, sizes: windowChoice },
  avgPool2dBackward: { kind: "rows", operands: { dy: read(windows), dx: write(images) }, sizes: windowChoice },
  causalAttention: {
    kind: "rows",
    operands: {
      q: read(attentionRows),
      k: read(attentionRows),
      v: read(attentionRows),
      out: write(attentionOut),
      stats: write(attentionStats),
      work: work((sizes) => attentionWork(sizes, false)),
    },
    sizes: attentionChoice,
  },
  causalAttentionBackward: {
    kind: "rows",
    operands: {
      q: read(attentionRows),
      k: read(attentionRows),
      v: read(attentionRows),
      out: read(attentionOut),
      stats: read(attentionStats),
      dOut: read(attentionOut),
      dq: update(attentionRows),
      dk: update(attentionRows),
      dv: update(attentionRows),
      work: work((sizes) => attentionWork(sizes, true)),
    },
    sizes: attentionChoice,
  },
  channelMoments: {
    kind: "fold",
    operands: {
      x: read(elements),
      saved: write(groupStatistics),
      variance: write(groups),
      acc: work(({ groups }) => 2 * groups! + 2, "f64"),
    },
    sizes: segmentChoice,
  },
  channelNorm: {
    kind: "rows",
    operands: {
      x: read(elements),
      weight: read(channels),
      bias: read(channels),
      y: write(elements),
      saved: read(groupStatistics),
    },
    sizes: segmentChoice,
  },
  channelNormBackward: {
    kind: "rows",
    operands: {
      x: read(elements),
      weight: read(channels),
      dy: read(elements),
      saved: read(groupStatistics),
      means: read(({ groups }) => 2 * groups!),
      dx: write(elements),
    },
    sizes: segmentChoice,
  },
  channelNormSums: {
    kind: "fold",
    operands: {
      x: read(elements),
      weight: read(channels),
      dy: read(elements),
      saved: read(groupStatistics),
      dWeight: update(channels),
      dBias: update(channels),
      means: write(({ groups }) => 2 * groups!),
      work: work(({ width, channels }) => (width === 1 ? channels! : width!)),
      acc: work(({ channels, groups }) => 2 * (channels! + groups!), "f64"),
    },
    sizes: segmentChoice,
  },
  col2im: { kind: "rows", operands: { columns: read(windowMatrix), x: write(images) }, sizes: windowChoice },
  dropout: { kind: "map", operands: { x: input, y: output, work: work(1024) } },
  gatherRows: {
    kind: "rows",
    operands: {
      table: read(({ height, columns }) => height! * columns!),
      index: index(rows, ({ height }) => height!),
      out: write(area),
    },
    sizes: rowSizes,
  },
  gelu: map({ x: input, y: output, slope: output }),
  geluTanh: map({ x: input, y: output, slope: output }),
  im2col: { kind: "rows", operands: { x: read(images), columns: write(windowMatrix) }, sizes: windowChoice },
  layerNorm: {
    kind: "rows",
    operands: {
      x: read(area),
      weight: read(weights),
      bias: read(weights),
      y: write(area),
      saved: write(rowStatistics),
      acc: work(2, "f64"),
    },
    sizes: normRowSizes,
  },
  layerNormBackward: {
    kind: "matrix",
    operands: {
      x: read(area),
      weight: read(weights),
      dy: read(area),
      saved: read(rowStatistics),
      dx: write(area),
      dWeight: update(weights),
      dBias: update(weights),
      work: work(({ columns }) => 2 * columns!),
      acc: work(({ period, columns }) => 2 * period! * columns!, "f64"),
    },
    sizes: normRowSizes,
  },
  maxPool2d: {
    kind: "rows",
    operands: { x: read(images), y: write(windows), index: { ...write(windows), type: "u32" } },
    sizes: windowChoice,
  },
  maxPool2dBackward: {
    kind: "rows",
    operands: {
      dy: read(({ planes, out }) => planes! * out!),
      index: index(
        ({ planes, out }) => planes! * out!,
        ({ area }) => area!,
      ),
      dx: write(({ planes, area }) => planes! * area!),
    },
    sizes: {
      typical: (elements) => ({ planes: Math.max(1, Math.floor(elements / 1024)), area: 1024, out: 256 }),
      random: (below) => ({ planes: below(5), area: 1 + below(200), out: below(100) }),
    },
  },
  relu: map({ x: input, y: output }),
  reluBackward: map({ y: input, dy: input, dx: output }),
  repeatRow: { kind: "rows", operands: { x: read(columns), y: write(area) }, sizes: rowSizes },
  rmsNorm: {
    kind: "rows",
    operands: { x: read(area), weight: read(columns), y: write(area), saved: write(rows) },
    sizes: normRowSizes,
  },
  rmsNormBackward: {
    kind: "matrix",
    operands: {
      x: read(area),
      weight: read(columns),
      dy: read(area),
      saved: read(rows),
      dx: write(area),
      dWeight: update(columns),
      work: work(({ columns }) => 2 * columns!),
      acc: work(columns, "f64"),
    },
    sizes: normRowSizes,
  },
  scatterAddRows: {
    kind: "matrix",
    operands: {
      x: read(area),
      index: index(rows, ({ height }) => height!),
      table: update(({ height, columns }) => height! * columns!),
    },
    sizes: rowSizes,
  },
  sigmoid: map({ x: input, y: output }),
  sigmoidBackward: map({ y: input, dy: input, dx: output }),
  silu: map({ x: input, y: output, slope: output }),
  softmaxRows: { kind: "rows", operands: { x: read(area), y: write(area) }, sizes: rowSizes },
  softmaxRowsBackward: { kind: "rows", operands: { y: read(area), dy: read(area), dx: write(area) }, sizes: rowSizes },
  sumRows: { kind: "matrix", operands: { x: read(area), out: update(columns) }, sizes: rowSizes },
  tanh: map({ x: input, y: output }),
  tanhBackward: map({ y: input, dy: input, dx: output }),
} satisfies Record<string, Row>;
