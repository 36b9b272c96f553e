/** Row-wise pieces of layers: arrays are row-major [rows, columns]. */
import { add, splat } from "../lanes";
import { Pointer, Size } from "../words";

/** The address of the row whose number is stored at `index`. */
function rowAt(table: Pointer, index: Pointer, bytes: Size): Pointer {
  return table + usize(load<u32>(index)) * bytes;
}

/** out[i, :] = table[index[i], :]; every index must be below the table's height. */
export function gatherRows(
  table: Pointer,
  index: Pointer,
  out: Pointer,
  rows: Size,
  columns: Size,
  height: Size,
): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    memory.copy(out + i * bytes, rowAt(table, index + (i << 2), bytes), bytes);
  }
}

/** y += x over one row. */
function addRow<Lane>(x: Pointer, y: Pointer, n: Size): void {
  store<Lane>(y, add<Lane>(load<Lane>(y), load<Lane>(x)));
}

/** table[index[i], :] += x[i, :], in the order of i. */
export function scatterAddRows(
  x: Pointer,
  index: Pointer,
  table: Pointer,
  rows: Size,
  columns: Size,
  height: Size,
): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    addRow(x + i * bytes, rowAt(table, index + (i << 2), bytes), columns);
  }
}

/** y[i, :] = x */
export function repeatRow(x: Pointer, y: Pointer, rows: Size, columns: Size): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) memory.copy(y + i * bytes, x, bytes);
}

/** y[i, :] += bias */
export function addBias(bias: Pointer, y: Pointer, rows: Size, columns: Size): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) addRow(bias, y + i * bytes, columns);
}

/** Rows summed in float32 before a block joins the total: it bounds the error by (64 + rows / 64) roundings. */
const BLOCK: usize = 64;

function addColumnSums<T>(x: Pointer, out: Pointer, rows: Size, bytes: Size): void {
  let s = splat<T>(0);
  const end = x + rows * bytes;
  do {
    s = add<T>(s, load<T>(x));
    x += bytes;
  } while (x < end);
  store<T>(out, add<T>(load<T>(out), s));
}

/** out += the sum of the rows of x */
export function sumRows(x: Pointer, out: Pointer, rows: Size, columns: Size): void {
  const bytes = columns << 2;
  for (let row: usize = 0; row < rows; row += BLOCK, x += BLOCK * bytes) {
    const height = min<usize>(BLOCK, rows - row);
    let i: usize = 0;
    if (ASC_FEATURE_SIMD) {
      for (; i + 16 <= bytes; i += 16) addColumnSums<v128>(x + i, out + i, height, bytes);
    }
    for (; i < bytes; i += 4) addColumnSums<f32>(x + i, out + i, height, bytes);
  }
}
