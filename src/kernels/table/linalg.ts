/** The kernels of linear algebra. */
import { type Length, type Row, read, type SizeChoice, update, work } from "../row.ts";

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
const GEMM_WORK = 128 * 256 + 256 * 512 + 4 * 8;

export const linalgRows = {
  gemm: {
    kind: "matrix",
    operands: {
      a: read(extent("m", "k", "aRow", "aColumn")),
      b: read(extent("k", "n", "bRow", "bColumn")),
      c: update(({ m, n }) => m! * n!),
      work: work(GEMM_WORK),
    },
    sizes: gemmSizes,
  },
} satisfies Record<string, Row>;
