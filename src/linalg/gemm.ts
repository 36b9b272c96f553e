import { checkBoolean, checkKeys, checkNumber, refuse } from "../core/check.ts";
import { GEMM_WORK } from "../kernels/table/general.ts";
import { checkDistinct, checkView, engineOf, type View } from "../tensor/tensor.ts";

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
  const [aHeight, aWidth] = a.shape as [number, number];
  const [bHeight, bWidth] = b.shape as [number, number];
  const [m, k] = transposeA ? [aWidth, aHeight] : [aHeight, aWidth];
  const [depth, n] = transposeB ? [bWidth, bHeight] : [bHeight, bWidth];
  if (depth !== k) refuse("b", b.shape, `${k} rows after transposition, to match a`, "SHAPE_MISMATCH");
  if (c.shape[0] !== m || c.shape[1] !== n) refuse("c", c.shape, `shape [${m}, ${n}]`, "SHAPE_MISMATCH");
  checkDistinct({ c }, { a, b });
  const [aRow, aColumn] = transposeA ? [1, aWidth] : [aWidth, 1];
  const [bRow, bColumn] = transposeB ? [1, bWidth] : [bWidth, 1];
  const work = engine.scratch(4 * GEMM_WORK);
  engine.unchecked.gemm(a.pointer, b.pointer, c.pointer, work, m, n, k, aRow, aColumn, bRow, bColumn, alpha, beta);
}

function checkMatrix(argument: string, view: View, engine: View["engine"]): void {
  checkView(argument, view, engine, "f32");
  if (view.shape.length !== 2) refuse(argument, view.shape, "two axes", "SHAPE_MISMATCH");
}
