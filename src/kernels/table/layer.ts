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
  rows,
  type Sizes,
  update,
  work,
  write,
} from "../row.ts";

const weights: Length = ({ period, columns }) => period! * columns!;
const rowStatistics: Length = ({ rows }) => 3 * rows!;

/** Segments of `width` elements, each of a channel and of a group. */
const elements: Length = ({ segments, width }) => segments! * width!;
const channels: Length = ({ channels }) => channels!;
const groups: Length = ({ groups }) => groups!;
const groupStatistics: Length = ({ groups }) => 3 * groups!;
const images: Length = (s) => (s["channels"] ?? s["planes"])! * s["height"]! * s["width"]!;
const windows: Length = (s) => (s["channels"] ?? s["planes"])! * s["outHeight"]! * s["outWidth"]!;
const windowMatrix: Length = (s) => windows(s) * s["kernelHeight"]! * s["kernelWidth"]!;

/** Sequences of packed or separate rows, which several heads share. */
const attentionRows: Length = ({ batch, context, heads, width, stride }) =>
  batch! * context! === 0 ? 0 : (batch! * context! - 1) * stride! + heads! * width!;
const attentionOut: Length = ({ batch, context, heads, width }) => batch! * context! * heads! * width!;
const attentionStats: Length = ({ batch, context, heads }) => 2 * batch! * heads! * context!;
/** Elements of the workspace of `causalAttention` and its backward pass: transposed keys and values, and scores. */
function attentionWork({ context, width }: Sizes, backward: boolean): number {
  const pitch = Math.ceil(context! / 8) * 8 + 8;
  return pitch * (backward ? 2 * width! + 64 : width! + 4);
}

export const layerRows = {
  addBias: { kind: "rows", operands: { bias: read(columns), y: update(area) } },
  avgPool2d: { kind: "rows", operands: { x: read(images), y: write(windows) } },
  avgPool2dBackward: { kind: "rows", operands: { dy: read(windows), dx: write(images) } },
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
  },
  channelMoments: {
    kind: "fold",
    operands: {
      x: read(elements),
      saved: write(groupStatistics),
      variance: write(groups),
      acc: work(({ groups }) => 2 * groups! + 2, "f64"),
    },
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
  },
  col2im: { kind: "rows", operands: { columns: read(windowMatrix), x: write(images) } },
  dropout: { kind: "map", operands: { x: input, y: output, work: work(1024) } },
  gatherRows: {
    kind: "rows",
    operands: {
      table: read(({ height, columns }) => height! * columns!),
      index: index(rows, ({ height }) => height!),
      out: write(area),
    },
  },
  gelu: map({ x: input, y: output, slope: output }),
  geluTanh: map({ x: input, y: output, slope: output }),
  im2col: { kind: "rows", operands: { x: read(images), columns: write(windowMatrix) } },
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
  },
  maxPool2d: {
    kind: "rows",
    operands: { x: read(images), y: write(windows), index: { ...write(windows), type: "u32" } },
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
  },
  relu: map({ x: input, y: output }),
  reluBackward: map({ y: input, dy: input, dx: output }),
  repeatRow: { kind: "rows", operands: { x: read(columns), y: write(area) } },
  rmsNorm: {
    kind: "rows",
    operands: { x: read(area), weight: read(columns), y: write(area), saved: write(rows) },
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
  },
  scatterAddRows: {
    kind: "matrix",
    operands: {
      x: read(area),
      index: index(rows, ({ height }) => height!),
      table: update(({ height, columns }) => height! * columns!),
    },
  },
  sigmoid: map({ x: input, y: output }),
  sigmoidBackward: map({ y: input, dy: input, dx: output }),
  silu: map({ x: input, y: output, slope: output }),
  softmaxRows: { kind: "rows", operands: { x: read(area), y: write(area) } },
  softmaxRowsBackward: { kind: "rows", operands: { y: read(area), dy: read(area), dx: write(area) } },
  sumRows: { kind: "matrix", operands: { x: read(area), out: update(columns) } },
  tanh: map({ x: input, y: output }),
  tanhBackward: map({ y: input, dy: input, dx: output }),
} satisfies Record<string, Row>;
