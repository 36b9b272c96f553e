/**
 * C = alpha op(A) op(B) + beta C over row-major float32, op given by strides.
 *
 * Lanes run across the columns of C and k runs in order inside fixed blocks of DEPTH, so each element is one chain of
 * operations whatever the lane width: c = beta c; then for each block, c = c + alpha (((a0 b0) + a1 b1) + ...).
 * Blocking and packing after K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM
 * TOMS 34 (2008).
 */
import { mulAdd, splat, width } from "../lanes";
import { fill, scale } from "../elementwise";

/** Rows of the register tile. Its columns are two vectors of T. */
const TILE_ROWS: usize = 4;
/** k elements of a block: a packed panel of B (DEPTH x 8 floats, 8 KiB) stays in L1. */
const DEPTH: usize = 256;
/** Rows of a packed block of A (128 KiB: half of a small L2). */
const ROWS: usize = 128;
/** Columns of a packed block of B (512 KiB). */
const COLUMNS: usize = 512;

/** Bytes of workspace: the packed blocks and one tile. */
const PACKED_A: usize = (ROWS * DEPTH) << 2;
const PACKED_B: usize = (DEPTH * COLUMNS) << 2;

/** Packs a block of A into panels of TILE_ROWS rows, k-major; missing rows are zero. */
function packA(a: usize, rowStride: usize, columnStride: usize, rows: usize, depth: usize, to: usize): void {
  for (let i: usize = 0; i < rows; i += TILE_ROWS) {
    const present = min<usize>(TILE_ROWS, rows - i);
    const from = a + ((i * rowStride) << 2);
    for (let k: usize = 0; k < depth; k++, to += TILE_ROWS << 2) {
      const column = from + ((k * columnStride) << 2);
      for (let r: usize = 0; r < TILE_ROWS; r++) {
        store<f32>(to + (r << 2), r < present ? load<f32>(column + ((r * rowStride) << 2)) : 0);
      }
    }
  }
}

/** Packs a block of B into panels of two vectors of columns, k-major; missing columns are zero. */
function packB<T>(b: usize, rowStride: usize, columnStride: usize, depth: usize, columns: usize, to: usize): void {
  const tile = width<T>() << 1;
  for (let j: usize = 0; j < columns; j += tile) {
    const present = min<usize>(tile, columns - j);
    const from = b + ((j * columnStride) << 2);
    for (let k: usize = 0; k < depth; k++, to += tile << 2) {
      const row = from + ((k * rowStride) << 2);
      if (present == tile && columnStride == 1) {
        store<T>(to, load<T>(row));
        store<T>(to + (width<T>() << 2), load<T>(row + (width<T>() << 2)));
      } else {
        for (let c: usize = 0; c < tile; c++) {
          store<f32>(to + (c << 2), c < present ? load<f32>(row + ((c * columnStride) << 2)) : 0);
        }
      }
    }
  }
}

/** c += alpha s */
function accumulate<T>(c: usize, s: T, alpha: T): void {
  store<T>(c, mulAdd<T>(alpha, s, load<T>(c)));
}

/** A whole tile: c[4, two vectors] += alpha (panel of A) (panel of B). */
function tile<T>(a: usize, b: usize, depth: usize, c: usize, rowBytes: usize, alpha: f32): void {
  const next = width<T>() << 2;
  let c00 = splat<T>(0),
    c01 = c00,
    c10 = c00,
    c11 = c00,
    c20 = c00,
    c21 = c00,
    c30 = c00,
    c31 = c00;
  const end = a + ((depth * TILE_ROWS) << 2);
  do {
    const b0 = load<T>(b);
    const b1 = load<T>(b + next);
    let left = splat<T>(load<f32>(a));
    c00 = mulAdd<T>(left, b0, c00);
    c01 = mulAdd<T>(left, b1, c01);
    left = splat<T>(load<f32>(a, 4));
    c10 = mulAdd<T>(left, b0, c10);
    c11 = mulAdd<T>(left, b1, c11);
    left = splat<T>(load<f32>(a, 8));
    c20 = mulAdd<T>(left, b0, c20);
    c21 = mulAdd<T>(left, b1, c21);
    left = splat<T>(load<f32>(a, 12));
    c30 = mulAdd<T>(left, b0, c30);
    c31 = mulAdd<T>(left, b1, c31);
    a += TILE_ROWS << 2;
    b += next << 1;
  } while (a < end);
  const by = splat<T>(alpha);
  accumulate<T>(c, c00, by);
  accumulate<T>(c + next, c01, by);
  c += rowBytes;
  accumulate<T>(c, c10, by);
  accumulate<T>(c + next, c11, by);
  c += rowBytes;
  accumulate<T>(c, c20, by);
  accumulate<T>(c + next, c21, by);
  c += rowBytes;
  accumulate<T>(c, c30, by);
  accumulate<T>(c + next, c31, by);
}

/** A tile cut by the edge of C: computed whole in `spare`, of which the part inside C is copied in and out. */
function edge<T>(
  a: usize,
  b: usize,
  depth: usize,
  c: usize,
  rowBytes: usize,
  alpha: f32,
  rows: usize,
  columns: usize,
  spare: usize,
): void {
  const spareBytes = width<T>() << 3;
  for (let r: usize = 0; r < rows; r++) memory.copy(spare + r * spareBytes, c + r * rowBytes, columns << 2);
  tile<T>(a, b, depth, spare, spareBytes, alpha);
  for (let r: usize = 0; r < rows; r++) memory.copy(c + r * rowBytes, spare + r * spareBytes, columns << 2);
}

/** C[rows, columns] += alpha (packed A) (packed B) */
function multiplyBlock<T>(
  packedA: usize,
  packedB: usize,
  depth: usize,
  c: usize,
  rowBytes: usize,
  rows: usize,
  columns: usize,
  alpha: f32,
  spare: usize,
): void {
  const tileColumns = width<T>() << 1;
  for (let j: usize = 0; j < columns; j += tileColumns) {
    const wide = min<usize>(tileColumns, columns - j);
    const panelB = packedB + ((j * depth) << 2);
    for (let i: usize = 0; i < rows; i += TILE_ROWS) {
      const tall = min<usize>(TILE_ROWS, rows - i);
      const panelA = packedA + ((i * depth) << 2);
      const to = c + i * rowBytes + (j << 2);
      if (tall == TILE_ROWS && wide == tileColumns) tile<T>(panelA, panelB, depth, to, rowBytes, alpha);
      else edge<T>(panelA, panelB, depth, to, rowBytes, alpha, tall, wide, spare);
    }
  }
}

function multiply<T>(
  a: usize,
  b: usize,
  c: usize,
  work: usize,
  m: usize,
  n: usize,
  k: usize,
  aRow: usize,
  aColumn: usize,
  bRow: usize,
  bColumn: usize,
  alpha: f32,
): void {
  const packedA = work;
  const packedB = packedA + PACKED_A;
  const spare = packedB + PACKED_B;
  for (let j: usize = 0; j < n; j += COLUMNS) {
    const columns = min<usize>(COLUMNS, n - j);
    for (let l: usize = 0; l < k; l += DEPTH) {
      const depth = min<usize>(DEPTH, k - l);
      packB<T>(b + ((l * bRow + j * bColumn) << 2), bRow, bColumn, depth, columns, packedB);
      for (let i: usize = 0; i < m; i += ROWS) {
        const rows = min<usize>(ROWS, m - i);
        packA(a + ((i * aRow + l * aColumn) << 2), aRow, aColumn, rows, depth, packedA);
        multiplyBlock<T>(packedA, packedB, depth, c + ((i * n + j) << 2), n << 2, rows, columns, alpha, spare);
      }
    }
  }
}

/**
 * c[m, n] = alpha a b + beta c, where a[i, l] is at i aRow + l aColumn and b[l, j] at l bRow + j bColumn (in elements),
 * and `work` is a workspace. c overlaps neither a nor b.
 */
export function gemm(
  a: usize,
  b: usize,
  c: usize,
  work: usize,
  m: usize,
  n: usize,
  k: usize,
  aRow: usize,
  aColumn: usize,
  bRow: usize,
  bColumn: usize,
  alpha: f32,
  beta: f32,
): void {
  // beta = 0 does not read c, so that NaN there does not stay.
  if (beta == 0) fill(c, m * n, 0);
  else if (beta != 1) scale(c, c, m * n, beta);
  if (ASC_FEATURE_SIMD) multiply<v128>(a, b, c, work, m, n, k, aRow, aColumn, bRow, bColumn, alpha);
  else multiply<f32>(a, b, c, work, m, n, k, aRow, aColumn, bRow, bColumn, alpha);
}
