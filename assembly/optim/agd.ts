/**
 * Automatic gradient descent. See src/optim/agd.ts for the rule and its source. A gradient is rows x positions: every
 * position of a convolution kernel has a norm of its own, a matrix is of one position.
 */
import { addSquares } from "../chunk";
import { dot } from "../fold";
import { clip, div, mul, splat, sub, whenLess } from "../lanes";
import { Pointer, Size, Workspace } from "../words";

/** norm_j = |g_j|, rounded to float32; returns their sum. */
export function agdNorms(g: Pointer, norm: Pointer, acc: Workspace, rows: Size, positions: Size): f64 {
  if (positions == 1) {
    store<f64>(acc, dot(g, g, rows));
  } else {
    memory.fill(acc, 0, positions << 3);
    for (; rows > 0; rows--, g += positions << 2) addSquares(g, acc, positions);
  }
  let total: f64 = 0;
  for (const end = norm + (positions << 2); norm < end; norm += 4, acc += 8) {
    const length = f64.sqrt(load<f64>(acc));
    store<f32>(norm, f32(length));
    total += length;
  }
  return total;
}

/** The largest float32: infinity times an element that is 0 would be NaN. */
const LARGEST: f32 = 3.40282347e38;

/** step / norm, or 0 for a gradient of 0: one whose norm is below the normal numbers. */
function rateOf<T>(norm: T, step: f32): T {
  const rate = clip<T>(div<T>(splat<T>(step), norm), splat<T>(-LARGEST), splat<T>(LARGEST));
  return whenLess<T>(norm, splat<T>(1.17549435e-38), splat<T>(0), rate);
}

/** p = p - rate g */
function descend<Lane>(p: Pointer, g: Pointer, n: Size, rate: f32): void {
  store<Lane>(p, sub<Lane>(load<Lane>(p), mul<Lane>(splat<Lane>(rate), load<Lane>(g))));
}

/** agdStep of one row, with a norm for each of its positions. */
function descendRow<Lane>(p: Pointer, g: Pointer, norm: Pointer, n: Size, step: f32): void {
  store<Lane>(p, sub<Lane>(load<Lane>(p), mul<Lane>(rateOf<Lane>(load<Lane>(norm), step), load<Lane>(g))));
}

/** p_j = p_j - step g_j / norm_j */
export function agdStep(p: Pointer, g: Pointer, norm: Pointer, rows: Size, positions: Size, step: f32): void {
  if (positions == 1) {
    descend(p, g, rows, rateOf<f32>(load<f32>(norm), step));
    return;
  }
  const end = positions << 2;
  for (; rows > 0; rows--, p += end, g += end) descendRow(p, g, norm, positions, step);
}
