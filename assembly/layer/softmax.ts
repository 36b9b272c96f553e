/** Softmax over the rows of a row-major matrix. */
import { mul, splat, sub } from "../lanes";
import { scale } from "../elementwise";
import { dot, sum } from "../fold";
import { largest, scaledExp } from "../softmaxRow";
import { Pointer, Size } from "../words";

/** y_ij = e^(x_ij - max_i) / sum_j e^(x_ij - max_i); y may be x. */
export function softmaxRows(x: Pointer, y: Pointer, rows: Size, columns: Size): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++, x += bytes, y += bytes) {
    scaledExp(x, y, columns, largest(x, columns), 1);
    scale(y, y, columns, 1 / f32(sum(y, columns)));
  }
}

/** dx = y (dy - mean), over one row. */
function centred<Lane>(y: Pointer, dy: Pointer, dx: Pointer, n: Size, mean: f32): void {
  store<Lane>(dx, mul<Lane>(load<Lane>(y), sub<Lane>(load<Lane>(dy), splat<Lane>(mean))));
}

/** dx_ij = y_ij (dy_ij - sum_j y_ij dy_ij); dx may be dy. */
export function softmaxRowsBackward(y: Pointer, dy: Pointer, dx: Pointer, rows: Size, columns: Size): void {
  const bytes = columns << 2;
  for (let row: usize = 0; row < rows; row++, y += bytes, dy += bytes, dx += bytes) {
    centred(y, dy, dx, columns, f32(dot(y, dy, columns)));
  }
}
