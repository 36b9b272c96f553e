/** Adaptive gradient clipping. See src/gradients/adaptiveClip.ts for the rule and its source. */
import { scale } from "../elementwise";
import { sumSquares } from "../fold";
import { Pointer, Size } from "../words";

/** For each row: g = g min(1, clipping max(|p|, eps) / max(|g|, 1e-6)). Returns how many rows were clipped. */
export function adaptiveClip(p: Pointer, g: Pointer, rows: Size, columns: Size, clipping: f32, eps: f32): u32 {
  const bytes = columns << 2;
  let clipped: u32 = 0;
  for (; rows > 0; rows--, p += bytes, g += bytes) {
    const most = f64(clipping) * f64.max(f64.sqrt(sumSquares(p, columns)), f64(eps));
    const norm = f64.sqrt(sumSquares(g, columns));
    if (norm < most) continue;
    scale(g, g, columns, f32(most / f64.max(norm, 1e-6)));
    clipped++;
  }
  return clipped;
}
