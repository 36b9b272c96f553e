/** What multiplies losses and gradients that are there already. */
import { scale } from "../elementwise";
import { weigh } from "../lanes";
import { Pointer, Size } from "../words";

/** y = w y, or 0 where w = 0. */
export function weightElements<Lane>(w: Pointer, y: Pointer, n: Size): void {
  store<Lane>(y, weigh<Lane>(load<Lane>(w), load<Lane>(y)));
}

/** y[i, :] = w[i] y[i, :] */
export function weightRows(w: Pointer, y: Pointer, rows: Size, columns: Size): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++, y += bytes) scale(y, y, columns, load<f32>(w + (i << 2)));
}

/** y_i = x_((from + i) mod columns): n elements of x said over and over. */
export function tile(x: Pointer, y: Pointer, n: Size, columns: Size, from: Size): void {
  const end = y + (n << 2);
  for (let at: usize = from % columns; y < end; at = 0) {
    const bytes = min<usize>((columns - at) << 2, end - y);
    memory.copy(y, x + (at << 2), bytes);
    y += bytes;
  }
}
