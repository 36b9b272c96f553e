/** Rows of length 1, as contrastive losses compare them; see src/losses/infoNce.ts. */
import { scale } from "../elementwise";
import { dot, sumSquares } from "../fold";
import { atLeast, mul, splat, sub } from "../lanes";

/** y = x / norm, row by row, norm = max(|x|, eps). */
export function unitRows(x: usize, y: usize, norms: usize, rows: usize, columns: usize, eps: f32): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    const norm = atLeast<f32>(f32(sqrt<f64>(sumSquares(x + i * bytes, columns))), eps);
    store<f32>(norms + (i << 2), norm);
    scale(x + i * bytes, y + i * bytes, columns, 1 / norm);
  }
}

function acrossAt<T>(y: usize, dy: usize, dx: usize, along: f32, inverse: f32): void {
  const across = sub<T>(load<T>(dy), mul<T>(splat<T>(along), load<T>(y)));
  store<T>(dx, mul<T>(splat<T>(inverse), across));
}

/** dx = inverse (dy - along y) */
function across(y: usize, dy: usize, dx: usize, n: usize, along: f32, inverse: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      acrossAt<v128>(y + i, dy + i, dx + i, along, inverse);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) acrossAt<f32>(y + i, dy + i, dx + i, along, inverse);
}

/** dx = (dy - (y dy) y) / norm from the unit rows y; dy / eps where the norm was below eps. dx may be dy. */
export function unitRowsBackward(
  y: usize,
  norms: usize,
  dy: usize,
  dx: usize,
  rows: usize,
  columns: usize,
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
