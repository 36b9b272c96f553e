/** Softmax cross-entropy over logits; see src/losses/crossEntropy.ts. */
import { CHUNK, chunkDot, chunkSum } from "../chunk";
import { fill, scale } from "../elementwise";
import { sum } from "../fold";
import { add, mul, mulAdd, splat, sub, unlessZero, weigh } from "../lanes";
import { log } from "../math";
import { expSum, largest, shiftedExp } from "../softmaxRow";
import { Pointer, Size, Workspace } from "../words";

/** 1 - p, p the softmax at one class, to 1e-16: in float32, 1 - p has no digits left where p is nearly 1. */
function others(own: f32, total: f64): f32 {
  return f32((total - f64(own)) / total);
}

/** Turns e^(z - most), which sum to `exact`, into weight (softmax z - onehot target); returns the loss. */
function settle(y: Pointer, target: Size, columns: Size, most: f32, correct: f32, exact: f64, weight: f32): f32 {
  const total = f32(exact);
  const rest = others(load<f32>(y + target), exact);
  scale(y, y, columns, weight / total);
  store<f32>(y + target, -weight * rest);
  return add<f32>(log<f32>(total), sub<f32>(most, correct));
}

/**
 * losses[i] = log sum_j e^(z_ij) - z_i,target(i);  gradient[i, :] = weight (softmax z_i - onehot target(i)).
 * `gradient` may be `logits`. Every target must be below `columns`.
 */
export function softmaxCrossEntropy(
  logits: Pointer,
  targets: Pointer,
  losses: Pointer,
  gradient: Pointer,
  rows: Size,
  columns: Size,
  weight: f32,
): void {
  const bytes = columns << 2;
  let most = rows == 0 ? f32(0) : largest(logits, columns);
  for (let i: usize = 0; i < rows; i++) {
    const z = logits + i * bytes;
    const y = gradient + i * bytes;
    // After the last row comes none: its own elements are looked at again, for nothing.
    const next = i + 1 < rows ? z + bytes : z;
    const target = load<u32>(targets + (i << 2)) << 2;
    const correct = load<f32>(z + target);
    let nextMost: f32 = -Infinity;
    let total: f64 = 0;
    for (let j: usize = 0; j < bytes; j += CHUNK << 2) {
      const n = min<usize>(CHUNK, columns - (j >> 2));
      nextMost = max<f32>(nextMost, shiftedExp(z + j, y + j, next + j, n, most));
      total += chunkSum(y + j, n);
    }
    store<f32>(losses + (i << 2), settle(y, target, columns, most, correct, total, weight));
    most = nextMost;
  }
}

/** y = most - z, or 0 where the weight w is 0: what is not asked for may be impossible, its logit -infinity. */
function drop<Lane>(z: Pointer, w: Pointer, y: Pointer, n: Size, most: f32): void {
  store<Lane>(y, unlessZero<Lane>(load<Lane>(w), sub<Lane>(splat<Lane>(most), load<Lane>(z))));
}

/** y = alpha y - beta w */
function takeShare<Lane>(w: Pointer, y: Pointer, n: Size, alpha: f32, beta: f32): void {
  store<Lane>(y, sub<Lane>(mul<Lane>(splat<Lane>(alpha), load<Lane>(y)), mul<Lane>(splat<Lane>(beta), load<Lane>(w))));
}

/**
 * The same with class weights w, smoothed targets and rows left out. A target that is not below `columns`, or is
 * `ignored`, gives a loss of 0 and a gradient of 0. For the others, with q = w (confidence onehot + uniform),
 * losses[i] = sum_c -q_c log softmax(z_i)_c;  gradient[i, :] = scale (softmax(z_i) sum q - q).
 */
export function softmaxCrossEntropyWeighted(
  logits: Pointer,
  targets: Pointer,
  weights: Pointer,
  losses: Pointer,
  gradient: Pointer,
  work: Workspace,
  rows: Size,
  columns: Size,
  ignored: u32,
  by: f32,
  confidence: f32,
  uniform: f32,
): void {
  const bytes = columns << 2;
  const whole = sum(weights, columns);
  for (let i: usize = 0; i < rows; i++) {
    const z = logits + i * bytes;
    const y = gradient + i * bytes;
    const loss = losses + (i << 2);
    const label = load<u32>(targets + (i << 2));
    if (label >= u32(columns) || label == ignored) {
      store<f32>(loss, 0);
      fill(y, columns, 0);
      continue;
    }
    const target = label << 2;
    const picked = confidence * load<f32>(weights + target);
    const most = largest(z, columns);
    const correct = load<f32>(z + target);
    if (uniform == 0) {
      const exact = expSum(z, y, columns, most);
      store<f32>(loss, weigh<f32>(picked, settle(y, target, columns, most, correct, exact, by * picked)));
      continue;
    }
    let below: f64 = 0;
    for (let j: usize = 0; j < columns; j += CHUNK) {
      const n = min<usize>(CHUNK, columns - j);
      drop(z + (j << 2), weights + (j << 2), work, n, most);
      below += chunkDot(weights + (j << 2), work, n);
    }
    const exact = expSum(z, y, columns, most);
    const total = f32(exact);
    const logTotal = log<f32>(total);
    const nll = add<f32>(logTotal, sub<f32>(most, correct));
    const spread = f64(uniform) * (whole * f64(logTotal) + below);
    store<f32>(loss, f32(f64(picked) * f64(unlessZero<f32>(picked, nll)) + spread));
    const own = load<f32>(y + target);
    const mass = f32(f64(picked) + f64(uniform) * whole);
    takeShare(weights, y, columns, (by * mass) / total, by * uniform);
    const even = f64(uniform) * (whole * (f64(own) / exact) - f64(load<f32>(weights + target)));
    store<f32>(y + target, by * f32(even - f64(picked) * f64(others(own, exact))));
  }
}

/** w (confidence t + uniform) */
function share<T>(t: Pointer, w: Pointer, confidence: f32, uniform: f32): T {
  return mul<T>(load<T>(w), mulAdd<T>(splat<T>(confidence), load<T>(t), splat<T>(uniform)));
}

function shares<Lane>(t: Pointer, w: Pointer, y: Pointer, n: Size, confidence: f32, uniform: f32): void {
  store<Lane>(y, share<Lane>(t, w, confidence, uniform));
}

/** y = alpha y - by q */
function takeShares<Lane>(
  t: Pointer,
  w: Pointer,
  y: Pointer,
  n: Size,
  alpha: f32,
  by: f32,
  confidence: f32,
  uniform: f32,
): void {
  const taken = mul<Lane>(splat<Lane>(by), share<Lane>(t, w, confidence, uniform));
  store<Lane>(y, sub<Lane>(mul<Lane>(splat<Lane>(alpha), load<Lane>(y)), taken));
}

/** The same where targets are probabilities t [rows, columns]: q = w (confidence t + uniform). */
export function softmaxCrossEntropyDense(
  logits: Pointer,
  targets: Pointer,
  weights: Pointer,
  losses: Pointer,
  gradient: Pointer,
  work: Workspace,
  rows: Size,
  columns: Size,
  by: f32,
  confidence: f32,
  uniform: f32,
): void {
  const bytes = columns << 2;
  const drops = work + (CHUNK << 2);
  for (let i: usize = 0; i < rows; i++) {
    const z = logits + i * bytes;
    const t = targets + i * bytes;
    const y = gradient + i * bytes;
    const most = largest(z, columns);
    let mass: f64 = 0;
    let below: f64 = 0;
    for (let j: usize = 0; j < columns; j += CHUNK) {
      const n = min<usize>(CHUNK, columns - j);
      shares(t + (j << 2), weights + (j << 2), work, n, confidence, uniform);
      drop(z + (j << 2), work, drops, n, most);
      mass += chunkSum(work, n);
      below += chunkDot(work, drops, n);
    }
    const total = f32(expSum(z, y, columns, most));
    store<f32>(losses + (i << 2), f32(mass * f64(log<f32>(total)) + below));
    takeShares(t, weights, y, columns, (by * f32(mass)) / total, by, confidence, uniform);
  }
}
