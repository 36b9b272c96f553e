/** The square of the logarithm of the normaliser of a softmax; see src/losses/zLoss.ts. */
import { scale } from "../elementwise";
import { log } from "../math";
import { expSum, largest } from "../softmaxRow";
import { Pointer, Size } from "../words";

/**
 * With s_i = log sum_j e^(z_ij): losses[i] = strength s_i^2;  gradient[i, :] = 2 weight s_i softmax(z_i).
 * `gradient` may be `logits`.
 */
export function zLoss(
  logits: Pointer,
  losses: Pointer,
  gradient: Pointer,
  rows: Size,
  columns: Size,
  strength: f32,
  weight: f32,
): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    const z = logits + i * bytes;
    const y = gradient + i * bytes;
    const most = largest(z, columns);
    const total = f32(expSum(z, y, columns, most));
    const s: f32 = log<f32>(total) + most;
    store<f32>(losses + (i << 2), strength * (s * s));
    scale(y, y, columns, (weight * (s + s)) / total);
  }
}
