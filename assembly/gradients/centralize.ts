/** Gradient centralisation. See src/gradients/centralize.ts for the rule and its source. */
import { sum } from "../fold";
import { splat, sub } from "../lanes";

function shiftAt<T>(g: usize, mean: f32): void {
  store<T>(g, sub<T>(load<T>(g), splat<T>(mean)));
}

/** g -= mean(g) for each row */
export function centralize(g: usize, rows: usize, columns: usize): void {
  const end = columns << 2;
  for (; rows > 0; rows--, g += end) {
    const mean = f32(sum(g, columns) / f64(columns));
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && end >= 16) {
      do {
        shiftAt<v128>(g + i, mean);
        i += 16;
      } while (i + 16 <= end);
    }
    for (; i < end; i += 4) shiftAt<f32>(g + i, mean);
  }
}
