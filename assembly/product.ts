/**
 * Products of small matrices that lie in the first caches: nothing is packed. As in matrix/gemm.ts, lanes run across
 * columns and each element is one chain of operations, ((a0 b0) + a1 b1) + ..., whatever the lane width.
 */
import { add, mulAdd, splat, width } from "./lanes";
import { Pointer, Size } from "./words";

/** `T` filled with the number stored at `at`. */
function spread<T>(at: Pointer): T {
  if (isVector<T>()) return v128.load32_splat(at);
  return load<f32>(at) as T;
}

function put<T>(c: Pointer, s: T, into: bool): void {
  store<T>(c, into ? add<T>(load<T>(c), s) : s);
}

/** Four rows of two vectors. */
function tile<T>(
  a: Pointer,
  aRow: Size,
  aColumn: Size,
  b: Pointer,
  bRow: Size,
  c: Pointer,
  cRow: Size,
  depth: Size,
  into: bool,
): void {
  const next = width<T>() << 2;
  let c00 = splat<T>(0),
    c01 = c00,
    c10 = c00,
    c11 = c00,
    c20 = c00,
    c21 = c00,
    c30 = c00,
    c31 = c00;
  let a1 = a + aRow,
    a2 = a1 + aRow,
    a3 = a2 + aRow;
  const end = b + depth * bRow;
  do {
    const b0 = load<T>(b);
    const b1 = load<T>(b + next);
    let left = spread<T>(a);
    c00 = mulAdd<T>(left, b0, c00);
    c01 = mulAdd<T>(left, b1, c01);
    left = spread<T>(a1);
    c10 = mulAdd<T>(left, b0, c10);
    c11 = mulAdd<T>(left, b1, c11);
    left = spread<T>(a2);
    c20 = mulAdd<T>(left, b0, c20);
    c21 = mulAdd<T>(left, b1, c21);
    left = spread<T>(a3);
    c30 = mulAdd<T>(left, b0, c30);
    c31 = mulAdd<T>(left, b1, c31);
    a += aColumn;
    a1 += aColumn;
    a2 += aColumn;
    a3 += aColumn;
    b += bRow;
  } while (b < end);
  put<T>(c, c00, into);
  put<T>(c + next, c01, into);
  c += cRow;
  put<T>(c, c10, into);
  put<T>(c + next, c11, into);
  c += cRow;
  put<T>(c, c20, into);
  put<T>(c + next, c21, into);
  c += cRow;
  put<T>(c, c30, into);
  put<T>(c + next, c31, into);
}

/** One row of one vector. */
function sliver<T>(a: Pointer, aColumn: Size, b: Pointer, bRow: Size, c: Pointer, depth: Size, into: bool): void {
  let s = splat<T>(0);
  const end = b + depth * bRow;
  do {
    s = mulAdd<T>(spread<T>(a), load<T>(b), s);
    a += aColumn;
    b += bRow;
  } while (b < end);
  put<T>(c, s, into);
}

/** Some rows of the columns from `first` on, as far as whole vectors go; returns the first column left. */
function slivers<T>(
  a: Pointer,
  aRow: Size,
  aColumn: Size,
  b: Pointer,
  bRow: Size,
  c: Pointer,
  cRow: Size,
  rows: Size,
  first: Size,
  columns: Size,
  depth: Size,
  into: bool,
): Size {
  let j = first;
  for (; j + width<T>() <= columns; j += width<T>()) {
    for (let i: usize = 0; i < rows; i++) {
      sliver<T>(a + i * aRow, aColumn, b + (j << 2), bRow, c + i * cRow + (j << 2), depth, into);
    }
  }
  return j;
}

function multiply<T>(
  a: Pointer,
  aRow: Size,
  aColumn: Size,
  b: Pointer,
  bRow: Size,
  c: Pointer,
  cRow: Size,
  rows: Size,
  columns: Size,
  depth: Size,
  into: bool,
): void {
  const wide = width<T>() << 1;
  for (let i: usize = 0; i < rows; i += 4, a += aRow << 2, c += cRow << 2) {
    const tall = min<usize>(4, rows - i);
    let j: usize = 0;
    if (tall == 4) {
      for (; j + wide <= columns; j += wide) {
        tile<T>(a, aRow, aColumn, b + (j << 2), bRow, c + (j << 2), cRow, depth, into);
      }
    }
    j = slivers<T>(a, aRow, aColumn, b, bRow, c, cRow, tall, j, columns, depth, into);
    slivers<f32>(a, aRow, aColumn, b, bRow, c, cRow, tall, j, columns, depth, into);
  }
}

/**
 * c[rows, columns] = a b, or c += a b if `into`: a[i, l] is at i aRow + l aColumn, b[l, j] at l bRow + 4 j and c[i, j] at
 * i cRow + 4 j, all in bytes. depth >= 1.
 */
export function product(
  a: Pointer,
  aRow: Size,
  aColumn: Size,
  b: Pointer,
  bRow: Size,
  c: Pointer,
  cRow: Size,
  rows: Size,
  columns: Size,
  depth: Size,
  into: bool,
): void {
  if (ASC_FEATURE_SIMD) multiply<v128>(a, aRow, aColumn, b, bRow, c, cRow, rows, columns, depth, into);
  else multiply<f32>(a, aRow, aColumn, b, bRow, c, cRow, rows, columns, depth, into);
}
