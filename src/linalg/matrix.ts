import type { Pointer, Size } from "#wasm/kernels.js";

/** A matrix of float32 in linear memory, by address: element (i, j) is `i rowStride + j columnStride` elements after it. */
export interface Matrix {
  readonly at: Pointer;
  readonly rows: Size;
  readonly columns: Size;
  readonly rowStride: Size;
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
