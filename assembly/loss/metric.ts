/** Losses of distances between rows; see src/losses/metric.ts. Gradients may be the arrays they are gradients of. */
import { fill, scale } from "../elementwise";
import { sumAbs, sumSquares } from "../fold";
import { add, atLeast, mul, sign, splat, sub, weigh } from "../lanes";
import { Pointer, Size } from "../words";

/** y = a - b */
function difference<Lane>(a: Pointer, b: Pointer, y: Pointer, n: Size): void {
  store<Lane>(y, sub<Lane>(load<Lane>(a), load<Lane>(b)));
}

/**
 * With d the Euclidean distance of two rows, label 0 for a similar pair and 1 for one that is not:
 * losses = similar (1 - label) d^2 + dissimilar label max(0, margin - d)^2, and `by` times its gradients.
 */
export function contrastive(
  x1: Pointer,
  x2: Pointer,
  labels: Pointer,
  losses: Pointer,
  gradient1: Pointer,
  gradient2: Pointer,
  rows: Size,
  columns: Size,
  margin: f32,
  similar: f32,
  dissimilar: f32,
  by: f32,
): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    const at = i * bytes;
    difference(x1 + at, x2 + at, gradient1 + at, columns);
    const square = f32(sumSquares(gradient1 + at, columns));
    const d = f32.sqrt(square);
    const gap = atLeast<f32>(margin - d, 0);
    const label = load<f32>(labels + (i << 2));
    const together: f32 = similar * (1 - label);
    const apart: f32 = dissimilar * label;
    store<f32>(losses + (i << 2), weigh<f32>(together, square) + weigh<f32>(apart, gap * gap));
    // The distance has no slope at 0; autograd takes 0.
    const push: f32 = d == 0 ? 0 : (apart * gap) / d;
    const slope: f32 = by * (2 * (together - push));
    scale(gradient1 + at, gradient2 + at, columns, -slope);
    scale(gradient1 + at, gradient1 + at, columns, slope);
  }
}

/** u = a - p + eps, v = a - m + eps, w = p - m + eps */
function differences<Lane>(
  a: Pointer,
  p: Pointer,
  m: Pointer,
  u: Pointer,
  v: Pointer,
  w: Pointer,
  n: Size,
  eps: f32,
): void {
  const anchor = load<Lane>(a);
  const positive = load<Lane>(p);
  const negative = load<Lane>(m);
  const shift = splat<Lane>(eps);
  store<Lane>(u, add<Lane>(sub<Lane>(anchor, positive), shift));
  store<Lane>(v, add<Lane>(sub<Lane>(anchor, negative), shift));
  store<Lane>(w, add<Lane>(sub<Lane>(positive, negative), shift));
}

function signs<Lane>(y: Pointer, n: Size): void {
  store<Lane>(y, sign<Lane>(load<Lane>(y)));
}

/** Turns the differences into the gradients of anchor (in w), positive (in u) and negative (in v). */
function combine<Lane>(w: Pointer, u: Pointer, v: Pointer, n: Size, towards: f32, away: f32, swapped: f32): void {
  const x = mul<Lane>(splat<Lane>(towards), load<Lane>(u));
  const y = mul<Lane>(splat<Lane>(away), load<Lane>(v));
  const z = mul<Lane>(splat<Lane>(swapped), load<Lane>(w));
  store<Lane>(w, sub<Lane>(x, y));
  store<Lane>(u, sub<Lane>(splat<Lane>(0), add<Lane>(x, z)));
  store<Lane>(v, add<Lane>(y, z));
}

/** What a distance is: the square of the 2-norm, the 1-norm or the 2-norm. */
const SQUARE: usize = 0;
const MANHATTAN: usize = 1;

function distance(difference: Pointer, columns: Size, form: Size): f64 {
  if (form == MANHATTAN) return sumAbs(difference, columns);
  const square = sumSquares(difference, columns);
  return form == SQUARE ? square : sqrt<f64>(square);
}

/** What a difference is multiplied by, or its sign under the 1-norm, to give the slope of its distance. */
function slopeOf(distance: f64, form: Size): f32 {
  if (form == SQUARE) return 2;
  if (form == MANHATTAN) return 1;
  return distance == 0 ? 0 : f32(1 / distance);
}

/**
 * losses = max(0, d(a, p) - d(a, n) + margin), and `by` times its gradients; eps is added to every coordinate of a
 * difference. With `swap` 1, d(p, n) takes the place of d(a, n) where it is smaller.
 */
export function triplet(
  a: Pointer,
  p: Pointer,
  n: Pointer,
  losses: Pointer,
  gradientA: Pointer,
  gradientP: Pointer,
  gradientN: Pointer,
  rows: Size,
  columns: Size,
  form: Size,
  swap: Size,
  margin: f32,
  eps: f32,
  by: f32,
): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    const at = i * bytes;
    const w = gradientA + at;
    const u = gradientP + at;
    const v = gradientN + at;
    differences(a + at, p + at, n + at, u, v, w, columns, eps);
    const near = distance(u, columns, form);
    const direct = distance(v, columns, form);
    const other = swap == 1 ? distance(w, columns, form) : direct;
    const swapped = other < direct;
    const far = swapped ? other : direct;
    const hinge = near - far + f64(margin);
    if (hinge <= 0) {
      store<f32>(losses + (i << 2), 0);
      fill(u, columns, 0);
      fill(v, columns, 0);
      fill(w, columns, 0);
      continue;
    }
    store<f32>(losses + (i << 2), f32(hinge));
    if (form == MANHATTAN) {
      signs(u, columns);
      signs(v, columns);
      signs(w, columns);
    }
    const away = by * slopeOf(far, form);
    combine(w, u, v, columns, by * slopeOf(near, form), swapped ? f32(0) : away, swapped ? away : f32(0));
  }
}
