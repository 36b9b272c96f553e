/** Gradient centralisation. See src/gradients/centralize.ts for the rule and its source. */
import { sum } from "../fold";
import { splat, sub } from "../lanes";
import { Pointer, Size } from "../words";

/** g -= mean, over one row. */
function shift<Lane>(g: Pointer, n: Size, mean: f32): void {
  store<Lane>(g, sub<Lane>(load<Lane>(g), splat<Lane>(mean)));
}

/** g -= mean(g) for each row */
export function centralize(g: Pointer, rows: Size, columns: Size): void {
  for (; rows > 0; rows--, g += columns << 2) shift(g, columns, f32(sum(g, columns) / f64(columns)));
}
