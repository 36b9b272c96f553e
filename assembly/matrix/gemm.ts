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
import { Pointer, Size, Workspace } from "../words";

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

/** Copies a 4 x 4 block transposed: rows of `from` become columns of `to`; both strides are in bytes. */
function transpose(from: Pointer, fromStride: Size, to: Pointer, toStride: Size): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + fromStride);
  from += fromStride << 1;
  const r2 = v128.load(from);
  const r3 = v128.load(from + fromStride);
  const low01 = v128.shuffle<u32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<u32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<u32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<u32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<u64>(low01, low23, 0, 2));
  v128.store(to + toStride, v128.shuffle<u64>(low01, low23, 1, 3));
  to += toStride << 1;
  v128.store(to, v128.shuffle<u64>(high01, high23, 0, 2));
  v128.store(to + toStride, v128.shuffle<u64>(high01, high23, 1, 3));
}

/**
 * Packs a block into panels of `wide` lines (rows of A or columns of B), k-major; missing lines are zero. Lines lie
 * `stride` elements apart, and the elements of a line `step`.
 */
function pack(from: Pointer, stride: Size, step: Size, lines: Size, depth: Size, wide: Size, to: Pointer): void {
  const panelBytes = wide << 2;
  const strideBytes = stride << 2;
  const stepBytes = step << 2;
  for (let i: usize = 0; i < lines; i += wide, from += wide * strideBytes) {
    const present = min<usize>(wide, lines - i);
    let k: usize = 0;
    if (ASC_FEATURE_SIMD && present == wide) {
      if (stride == 1) {
        for (; k < depth; k++, to += panelBytes) {
          for (let c: usize = 0; c < panelBytes; c += 16) v128.store(to + c, v128.load(from + k * stepBytes + c));
        }
      } else if (step == 1) {
        for (; k + 4 <= depth; k += 4, to += panelBytes << 2) {
          for (let c: usize = 0; c < wide; c += 4) {
            transpose(from + (k << 2) + c * strideBytes, strideBytes, to + (c << 2), panelBytes);
          }
        }
      }
    }
    for (; k < depth; k++) {
      let at = from + k * stepBytes;
      for (let c: usize = 0; c < wide; c++, at += strideBytes, to += 4) {
        store<f32>(to, c < present ? load<f32>(at) : 0);
      }
    }
  }
}

/** c += alpha s */
function accumulate<T>(c: Pointer, s: T, alpha: T): void {
  store<T>(c, mulAdd<T>(alpha, s, load<T>(c)));
}

/** A whole tile: c[4, two vectors] += alpha (panel of A) (panel of B). */
function tile<T>(a: Pointer, b: Pointer, depth: Size, c: Pointer, rowBytes: Size, alpha: f32): void {
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
    let left: T = isVector<T>() ? v128.load32_splat(a) : (load<f32>(a) as T);
    c00 = mulAdd<T>(left, b0, c00);
    c01 = mulAdd<T>(left, b1, c01);
    left = isVector<T>() ? v128.load32_splat(a, 4) : (load<f32>(a, 4) as T);
    c10 = mulAdd<T>(left, b0, c10);
    c11 = mulAdd<T>(left, b1, c11);
    left = isVector<T>() ? v128.load32_splat(a, 8) : (load<f32>(a, 8) as T);
    c20 = mulAdd<T>(left, b0, c20);
    c21 = mulAdd<T>(left, b1, c21);
    left = isVector<T>() ? v128.load32_splat(a, 12) : (load<f32>(a, 12) as T);
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
  a: Pointer,
  b: Pointer,
  depth: Size,
  c: Pointer,
  rowBytes: Size,
  alpha: f32,
  rows: Size,
  columns: Size,
  spare: Pointer,
): void {
  const spareBytes = width<T>() << 3;
  for (let r: usize = 0; r < rows; r++) memory.copy(spare + r * spareBytes, c + r * rowBytes, columns << 2);
  tile<T>(a, b, depth, spare, spareBytes, alpha);
  for (let r: usize = 0; r < rows; r++) memory.copy(c + r * rowBytes, spare + r * spareBytes, columns << 2);
}

/** C[rows, columns] += alpha (packed A) (packed B) */
function multiplyBlock<T>(
  packedA: Pointer,
  packedB: Pointer,
  depth: Size,
  c: Pointer,
  rowBytes: Size,
  rows: Size,
  columns: Size,
  alpha: f32,
  spare: Pointer,
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
  a: Pointer,
  b: Pointer,
  c: Pointer,
  work: Pointer,
  m: Size,
  n: Size,
  k: Size,
  aRow: Size,
  aColumn: Size,
  bRow: Size,
  bColumn: Size,
  alpha: f32,
): void {
  const packedA = work;
  const packedB = packedA + PACKED_A;
  const spare = packedB + PACKED_B;
  for (let j: usize = 0; j < n; j += COLUMNS) {
    const columns = min<usize>(COLUMNS, n - j);
    for (let l: usize = 0; l < k; l += DEPTH) {
      const depth = min<usize>(DEPTH, k - l);
      pack(b + ((l * bRow + j * bColumn) << 2), bColumn, bRow, columns, depth, width<T>() << 1, packedB);
      for (let i: usize = 0; i < m; i += ROWS) {
        const rows = min<usize>(ROWS, m - i);
        pack(a + ((i * aRow + l * aColumn) << 2), aRow, aColumn, rows, depth, TILE_ROWS, packedA);
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
  a: Pointer,
  b: Pointer,
  c: Pointer,
  work: Workspace,
  m: Size,
  n: Size,
  k: Size,
  aRow: Size,
  aColumn: Size,
  bRow: Size,
  bColumn: Size,
  alpha: f32,
  beta: f32,
): void {
  // beta = 0 does not read c, so that NaN there does not stay.
  if (beta == 0) fill(c, m * n, 0);
  else if (beta != 1) scale(c, c, m * n, beta);
  if (ASC_FEATURE_SIMD) multiply<v128>(a, b, c, work, m, n, k, aRow, aColumn, bRow, bColumn, alpha);
  else multiply<f32>(a, b, c, work, m, n, k, aRow, aColumn, bRow, bColumn, alpha);
}
