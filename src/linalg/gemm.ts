import { checkBoolean, checkKeys, checkNumber, refuse } from "../core/check.ts";
import type { Engine } from "../kernels/engine.ts";
import { linalg } from "../kernels/linalg.ts";
import { checkDistinct, checkView, engineOf, type View } from "../tensor/tensor.ts";
import { type Matrix, rowMajor, transpose } from "./matrix.ts";

/** Options of `gemm`. */
export interface GemmOptions {
  /** Use the transpose of a. */
  transposeA?: boolean;
  /** Use the transpose of b. */
  transposeB?: boolean;
  /** What the product is multiplied by; 1 unless it is given. */
  alpha?: number;
  /** What c is multiplied by before the product is added; 0, which overwrites it, unless it is given. */
  beta?: number;
}

/**
 * c = alpha op(a) op(b) + beta c for row-major matrices; op is the identity or the transpose. With beta = 0, the
 * default, c is not read. c must be another tensor than a and b.
 */
export function gemm(a: View, b: View, c: View, options: GemmOptions = {}): void {
  checkKeys("gemm", options, ["transposeA", "transposeB", "alpha", "beta"]);
  const { transposeA = false, transposeB = false, alpha = 1, beta = 0 } = options;
  const engine = engineOf("c", c);
  checkMatrix("a", a, engine);
  checkMatrix("b", b, engine);
  checkMatrix("c", c, engine);
  checkBoolean("transposeA", transposeA);
  checkBoolean("transposeB", transposeB);
  checkNumber("alpha", alpha, "(-inf, inf)");
  checkNumber("beta", beta, "(-inf, inf)");
  const left = matrixOf(a, transposeA);
  const right = matrixOf(b, transposeB);
  const { rows: m, columns: k } = left;
  const { columns: n } = right;
  if (right.rows !== k) refuse("b", b.shape, `${k} rows after transposition, to match a`, "SHAPE_MISMATCH");
  if (c.shape[0] !== m || c.shape[1] !== n) refuse("c", c.shape, `shape [${m}, ${n}]`, "SHAPE_MISMATCH");
  checkDistinct({ c }, { a, b });
  product(engine, left, right, matrixOf(c), { alpha, beta });
}

/**
 * c = alpha a b + beta c by address, for code that has checked its arguments: c has as many rows as a and columns as b,
 * and its rows follow each other, or its columns do. With beta = 0, the default, c is not read.
 */
export function product(
  engine: Engine,
  a: Matrix,
  b: Matrix,
  c: Matrix,
  { alpha = 1, beta = 0 }: { readonly alpha?: number; readonly beta?: number } = {},
): void {
  // An element is the same sum either way.
  if (c.columnStride !== 1) {
    product(engine, transpose(b), transpose(a), transpose(c), { alpha, beta });
    return;
  }
  linalg
    .of(engine)
    .gemm(
      ...([a.at, b.at, c.at, c.rows, c.columns, a.columns] as const),
      ...([a.rowStride, a.columnStride, b.rowStride, b.columnStride, alpha, beta] as const),
    );
}

function checkMatrix(argument: string, view: View, engine: Engine): void {
  checkView(argument, view, engine, "f32");
  if (view.shape.length !== 2) refuse(argument, view.shape, "two axes", "SHAPE_MISMATCH");
}

function matrixOf({ pointer, shape }: View, transposed = false): Matrix {
  const matrix = rowMajor(pointer, shape[0]!, shape[1]!);
  return transposed ? transpose(matrix) : matrix;
}
