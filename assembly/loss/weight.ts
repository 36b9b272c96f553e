/** What multiplies losses and gradients that are there already. */
import { scale } from "../elementwise";
import { weigh } from "../lanes";

function weightAt<T>(w: usize, y: usize): void {
  store<T>(y, weigh<T>(load<T>(w), load<T>(y)));
}

/** y = w y, or 0 where w = 0. */
export function weightElements(w: usize, y: usize, n: usize): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      weightAt<v128>(w + i, y + i);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) weightAt<f32>(w + i, y + i);
}

/** y[i, :] = w[i] y[i, :] */
export function weightRows(w: usize, y: usize, rows: usize, columns: usize): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++, y += bytes) scale(y, y, columns, load<f32>(w + (i << 2)));
}

/** y_i = x_((from + i) mod columns): n elements of x said over and over. */
export function tile(x: usize, y: usize, n: usize, columns: usize, from: usize): void {
  const end = y + (n << 2);
  for (let at: usize = from % columns; y < end; at = 0) {
    const bytes = min<usize>((columns - at) << 2, end - y);
    memory.copy(y, x + (at << 2), bytes);
    y += bytes;
  }
}
