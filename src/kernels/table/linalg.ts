/** The kernels of linear algebra. */
import { type Length, type Row, read, update, work } from "../row.ts";

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
  },
} satisfies Record<string, Row>;
