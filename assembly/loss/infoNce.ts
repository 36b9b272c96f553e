/** Rows of length 1, as contrastive losses compare them; see src/losses/infoNce.ts. */
import { scale } from "../elementwise";
import { dot, sumSquares } from "../fold";
import { atLeast, mul, splat, sub } from "../lanes";
import { Pointer, Size } from "../words";

/** y = x / norm, row by row, norm = max(|x|, eps). */
export function unitRows(x: Pointer, y: Pointer, norms: Pointer, rows: Size, columns: Size, eps: f32): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    const norm = atLeast<f32>(f32(sqrt<f64>(sumSquares(x + i * bytes, columns))), eps);
    store<f32>(norms + (i << 2), norm);
    scale(x + i * bytes, y + i * bytes, columns, 1 / norm);
  }
}

/** dx = inverse (dy - along y) */
function across<Lane>(y: Pointer, dy: Pointer, dx: Pointer, n: Size, along: f32, inverse: f32): void {
  const across = sub<Lane>(load<Lane>(dy), mul<Lane>(splat<Lane>(along), load<Lane>(y)));
  store<Lane>(dx, mul<Lane>(splat<Lane>(inverse), across));
}

/** dx = (dy - (y dy) y) / norm from the unit rows y; dy / eps where the norm was below eps. dx may be dy. */
export function unitRowsBackward(
  y: Pointer,
  norms: Pointer,
  dy: Pointer,
  dx: Pointer,
  rows: Size,
  columns: Size,
  eps: f32,
): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    const at = i * bytes;
    const norm = load<f32>(norms + (i << 2));
    const along = norm > eps ? f32(dot(y + at, dy + at, columns)) : f32(0);
    across(y + at, dy + at, dx + at, columns, along, 1 / norm);
  }
}
