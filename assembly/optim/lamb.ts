/**
 * LAMB. See src/optim/lamb.ts for the rule and its source.
 *
 * The step's size needs the norm of the step, so p is passed over twice: `lambMoments` moves the moments and sums the
 * squares of p and u, `lambStep` forms the same u again, which takes less memory traffic than keeping it would.
 */
import { CHUNK, chunkDot } from "../chunk";
import { mul, mulAdd, splat, sub } from "../lanes";
import { adapted, first, second } from "../moments";
import { Pointer, Size, Workspace } from "../words";

/** u = step m / (sqrt v + eps) + l2 p */
function direction<T>(p: Pointer, m: T, v: T, step: f32, eps: f32, l2: f32): T {
  return mulAdd<T>(splat<T>(l2), load<T>(p), adapted<T>(mul<T>(splat<T>(step), m), v, eps));
}

/** Moves the moments of a chunk, and leaves u. */
function lambChunk<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  u: Pointer,
  n: Size,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  l2: f32,
): void {
  const grad = load<Lane>(g);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = second<Lane>(v, grad, beta2, gain2);
  store<Lane>(u, direction<Lane>(p, m1, v1, step, eps, l2));
}

/**
 * m = beta1 m + gain1 g;  v = beta2 v + (gain2 g)^2;  sums = [sum p^2, sum u^2], in the order of fold.ts. `work` holds u
 * chunk by chunk.
 */
export function lambMoments(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  work: Workspace,
  sums: Pointer,
  n: Size,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  l2: f32,
): void {
  let ofP: f64 = 0;
  let ofU: f64 = 0;
  for (let start: usize = 0; start < n; start += CHUNK) {
    const at = start << 2;
    const length = n - start < CHUNK ? n - start : CHUNK;
    lambChunk(p + at, m + at, v + at, g + at, work, length, beta1, gain1, beta2, gain2, step, eps, l2);
    ofP += chunkDot(p + at, p + at, length);
    ofU += chunkDot(work, work, length);
  }
  store<f64>(sums, ofP);
  store<f64>(sums + 8, ofU);
}

/** p = p - rate u */
export function lambStep<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  n: Size,
  step: f32,
  eps: f32,
  l2: f32,
  rate: f32,
): void {
  const u = direction<Lane>(p, load<Lane>(m), load<Lane>(v), step, eps, l2);
  store<Lane>(p, sub<Lane>(load<Lane>(p), mul<Lane>(splat<Lane>(rate), u)));
}
