/** How to choose sizes for kernels that have more than the single size n: for tests and benchmarks alone. */
import type { Sizes } from "./row.ts";
import type { KernelName } from "./table.ts";

export interface SizeChoice {
  /** Sizes for a benchmark over about `elements` elements. */
  readonly typical: (elements: number) => Sizes;
  /** Sizes for a test; `below(bound)` draws a whole number below the bound. */
  readonly random: (below: (bound: number) => number) => Sizes;
}

/** Rows and columns, and a table to pick rows from. */
const rowSizes: SizeChoice = {
  typical: (elements) => {
    const rows = Math.max(1, Math.floor(elements / 256));
    return { rows, columns: 256, height: rows };
  },
  random: (below) => ({ rows: below(150), columns: 1 + below(70), height: 1 + below(30) }),
};

/** Every so many elements of an array. */
const strideSizes: SizeChoice = {
  typical: (elements) => ({ n: elements, every: 1 }),
  random: (below) => ({ n: below(4000), every: 1 + below(4) }),
};

/** A stack of matrices. */
const stackSizes: SizeChoice = {
  typical: (elements) => ({ batch: 1, rows: Math.max(1, Math.floor(elements / 1024)), columns: 1024 }),
  random: (below) =>
    below(4) === 0
      ? { batch: 1, rows: below(4), columns: below(3000) }
      : { batch: below(4), rows: below(40), columns: below(40) },
};

/** Rows, and positions that have norms of their own. */
const unitSizes: SizeChoice = {
  typical: (elements) => ({ rows: Math.ceil(elements / 9), positions: 9 }),
  random: (below) => {
    const { rows, columns } = rowSizes.random(below) as { rows: number; columns: number };
    return { rows, positions: columns };
  },
};

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

/** Rows, and weights for `period` rows in turn. */
const normRowSizes: SizeChoice = {
  typical: (elements) => ({ rows: Math.max(1, Math.floor(elements / 256)), columns: 256, period: 1 }),
  random: (below) => ({ rows: below(12), columns: below(below(10) === 0 ? 2200 : 60), period: 1 + below(3) }),
};

/** Segments of channels and groups. */
const segmentSizes: SizeChoice = {
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
const windowSizes: SizeChoice = {
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

/** Sequences of packed or separate rows, which several heads share. */
const attentionSizes: SizeChoice = {
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

/** By kernel; those that are not here have n alone. */
export const sizeChoices: Partial<Record<KernelName, SizeChoice>> = {
  adafactorMoments: stackSizes,
  adafactorMomentum: stackSizes,
  adafactorNorm: stackSizes,
  adafactorStep: stackSizes,
  adaptiveClip: rowSizes,
  addBias: rowSizes,
  agdNorms: unitSizes,
  agdStep: unitSizes,
  avgPool2d: windowSizes,
  avgPool2dBackward: windowSizes,
  causalAttention: attentionSizes,
  causalAttentionBackward: attentionSizes,
  centralize: rowSizes,
  channelMoments: segmentSizes,
  channelNorm: segmentSizes,
  channelNormBackward: segmentSizes,
  channelNormSums: segmentSizes,
  col2im: windowSizes,
  contrastive: rowSizes,
  firstOutOfRange: {
    typical: (elements) => ({ n: elements, bound: 0xffffffff }),
    random: (below) => ({ n: below(1000), bound: 1 + below(2000) }),
  },
  gatherRows: rowSizes,
  gemm: gemmSizes,
  im2col: windowSizes,
  layerNorm: normRowSizes,
  layerNormBackward: normRowSizes,
  maxPool2d: windowSizes,
  maxPool2dBackward: {
    typical: (elements) => ({ planes: Math.max(1, Math.floor(elements / 1024)), area: 1024, out: 256 }),
    random: (below) => ({ planes: below(5), area: 1 + below(200), out: below(100) }),
  },
  pick: strideSizes,
  prodigyGather: strideSizes,
  repeatRow: rowSizes,
  rmsNorm: normRowSizes,
  rmsNormBackward: normRowSizes,
  scatterAddRows: rowSizes,
  softmaxCrossEntropy: rowSizes,
  softmaxCrossEntropyDense: rowSizes,
  softmaxCrossEntropyWeighted: rowSizes,
  softmaxFocal: rowSizes,
  softmaxRows: rowSizes,
  softmaxRowsBackward: rowSizes,
  sumRows: rowSizes,
  tile: {
    typical: (elements) => ({ n: elements, columns: 256, from: 0 }),
    random: (below) => ({ n: below(1000), columns: 1 + below(300), from: below(2000) }),
  },
  triplet: {
    typical: (elements) => ({ ...rowSizes.typical(elements), form: 2, swap: 0 }),
    random: (below) => ({ ...rowSizes.random(below), form: below(3), swap: below(2) }),
  },
  unitRows: rowSizes,
  unitRowsBackward: rowSizes,
  weightRows: rowSizes,
  zLoss: rowSizes,
};
