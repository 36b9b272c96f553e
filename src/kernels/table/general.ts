/** The kernels that are no part of one optimizer, loss or layer. */
import {
  all,
  area,
  bits,
  fold,
  index,
  type Kernel,
  type Length,
  map,
  read,
  reals,
  rowSizes,
  type SizeChoice,
  size,
  strideSizes,
  update,
  work,
  write,
} from "../row.ts";

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

/** Elements of the workspace of `gemm`: packed blocks of 128 x 256 and 256 x 512, and a tile of 4 x 8. */
export const GEMM_WORK = 128 * 256 + 256 * 512 + 4 * 8;

export const generalKernels = {
  accumulate: map([update("x"), update("y")], "alpha"),
  adaptiveClip: {
    kind: "rows",
    args: [read("p", area), update("g", area), size("rows"), size("columns"), ...reals("clipping", "eps")],
    sizes: rowSizes,
  },
  axpy: map([read("x"), update("y")], "alpha"),
  centralize: { kind: "rows", args: [update("g", area), size("rows"), size("columns")], sizes: rowSizes },
  clamp: map([read("x"), write("y")], "low", "high"),
  copy: map([read("x"), write("y")]),
  countNonFinite: fold(read("x")),
  dot: fold(read("x"), read("y")),
  drain: map([update("x"), write("y")], "alpha"),
  exp: map([read("x"), write("y")]),
  fill: map([write("y")], "value"),
  firstNotBelow: { kind: "fold", args: [read("x"), size("n"), ...reals("limit")] },
  firstOutOfRange: {
    kind: "fold",
    args: [index("index", all, ({ bound }) => bound! + 1), size("n"), size("bound")],
    sizes: {
      typical: (elements) => ({ n: elements, bound: 0xffffffff }),
      random: (below) => ({ n: below(1000), bound: 1 + below(2000) }),
    },
  },
  firstOutside: { kind: "fold", args: [read("x"), size("n"), ...reals("low", "high")] },
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
  lerp: map([read("x"), update("y")], "weight"),
  log: map([read("x"), write("y")]),
  maxAbs: fold(read("x")),
  multiply: map([read("x"), read("y"), write("z")]),
  normalFromBits: map([update("y")], "mean", "deviation"),
  pick: {
    kind: "map",
    args: [read("x", ({ n, every }) => (n! === 0 ? 0 : (n! - 1) * every! + 1)), write("y"), size("n"), size("every")],
    sizes: strideSizes,
  },
  randomBits: { kind: "map", args: [write("out"), size("n"), ...bits("first", "key0", "key1", "stream0", "stream1")] },
  scale: map([read("x"), write("y")], "alpha"),
  sum: fold(read("x")),
  sumAbs: fold(read("x")),
  sumSquares: fold(read("x")),
  tanh: map([read("x"), write("y")]),
  truncatedNormalFromBits: map([update("y")], "mean", "deviation", "below", "within", "above", "low", "high"),
  uniformFromBits: map([update("y")], "low", "range"),
} satisfies Record<string, Kernel>;
