/** Softmax over the rows of a row-major matrix. */
import { mul, splat, sub } from "../lanes";
import { scale } from "../elementwise";
import { dot, sum } from "../fold";
import { largest, scaledExp } from "../softmaxRow";

/** y_ij = e^(x_ij - max_i) / sum_j e^(x_ij - max_i); y may be x. */
export function softmaxRows(x: usize, y: usize, rows: usize, columns: usize): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++, x += bytes, y += bytes) {
    scaledExp(x, y, columns, largest(x, columns), 1);
    scale(y, y, columns, 1 / f32(sum(y, columns)));
  }
}

function centredAt<T>(y: usize, dy: usize, dx: usize, mean: f32): void {
  store<T>(dx, mul<T>(load<T>(y), sub<T>(load<T>(dy), splat<T>(mean))));
}

/** dx_ij = y_ij (dy_ij - sum_j y_ij dy_ij); dx may be dy. */
export function softmaxRowsBackward(y: usize, dy: usize, dx: usize, rows: usize, columns: usize): void {
  const bytes = columns << 2;
  for (let row: usize = 0; row < rows; row++, y += bytes, dy += bytes, dx += bytes) {
    const mean = f32(dot(y, dy, columns));
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && bytes >= 16) {
      do {
        centredAt<v128>(y + i, dy + i, dx + i, mean);
        i += 16;
      } while (i + 16 <= bytes);
    }
    for (; i < bytes; i += 4) centredAt<f32>(y + i, dy + i, dx + i, mean);
  }
}
