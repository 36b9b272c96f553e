import type { Pointer, Size } from "#wasm/kernels.js";

/** A matrix of float32 in linear memory, by address: element (i, j) is `i rowStride + j columnStride` elements after it. */
export interface Matrix {
  /** The address of element (0, 0). */
  readonly at: Pointer;
  /** How many rows. */
  readonly rows: Size;
  /** How many columns. */
  readonly columns: Size;
  /** Elements from a row to the next. */
  readonly rowStride: Size;
  /** Elements from a column to the next. */
  readonly columnStride: Size;
}

/** A matrix whose rows follow each other. */
export function rowMajor(at: Pointer, rows: Size, columns: Size): Matrix {
  return { at, rows, columns, rowStride: columns, columnStride: 1 };
}

/** The same elements with rows and columns exchanged. */
export function transpose({ at, rows, columns, rowStride, columnStride }: Matrix): Matrix {
  return { at, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride };
}
