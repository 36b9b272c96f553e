/**
 * Prodigy over Adam, gradient descent and dual averaging, in two passes each. See src/optim/prodigy.ts for the rules and
 * their source.
 *
 * Moments and the distance estimate do not depend on each other, so one pass brings both up to date; only then is the
 * step size known that the second pass needs.
 */
import { CHUNK, chunkDot, chunkSumAbs } from "../chunk";
import { descended } from "../decay";
import { axpy, pick } from "../elementwise";
import { add, div, mul, mulAdd, splat, sqrt, sub } from "../lanes";
import { Pointer, Size, Workspace } from "../words";

/** The gradient with the L2 penalty: scale g + l2 p. */
function penalised<T>(p: Pointer, g: Pointer, scale: f32, l2: f32): T {
  return mulAdd<T>(splat<T>(scale), load<T>(g), mul<T>(splat<T>(l2), load<T>(p)));
}

/** w' = beta w + gained, stored. */
function average<T>(w: Pointer, beta: f32, gained: T): void {
  store<T>(w, mulAdd<T>(splat<T>(beta), load<T>(w), gained));
}

/** m and v moved. */
function moveMoments<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const scaled = mul<Lane>(splat<Lane>(gain2), grad);
  average<Lane>(m, beta1, mul<Lane>(splat<Lane>(gain1), grad));
  average<Lane>(v, beta2, mul<Lane>(scaled, scaled));
}

/** s moved; the gradient to `grads` and x0 - x to `moved`, which may be where g and p are. */
function moveDistance<Lane>(
  p: Pointer,
  origin: Pointer,
  s: Pointer,
  g: Pointer,
  grads: Pointer,
  moved: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  beta3: f32,
  gain3: f32,
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const far = sub<Lane>(load<Lane>(origin), load<Lane>(p));
  average<Lane>(s, beta3, mul<Lane>(splat<Lane>(gain3), grad));
  store<Lane>(grads, grad);
  store<Lane>(moved, far);
}

/**
 * m = beta1 m + gain1 g';  v = beta2 v + (gain2 g')^2 for all n elements; for every `every`th of them, from the first,
 * s = beta3 s + gain3 g', and sums = (sum g' (origin - p), sum |s|). s and origin hold those elements only.
 */
export function prodigyGather(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  origin: Pointer,
  s: Pointer,
  g: Pointer,
  work: Workspace,
  sums: Pointer,
  n: Size,
  every: Size,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  beta3: f32,
  gain3: f32,
): void {
  const grads = work;
  const moved = work + (CHUNK << 2);
  let numerator: f64 = 0,
    denominator: f64 = 0;
  while (n > 0) {
    const most = CHUNK * every;
    const length = n < most ? n : most;
    const picked = (length + every - 1) / every;
    const whole = length << 2;
    moveMoments(p, m, v, g, length, scale, l2, beta1, gain1, beta2, gain2);
    let from = p,
      slope = g;
    if (every > 1) {
      from = moved;
      slope = grads;
      pick(p, from, picked, every);
      pick(g, slope, picked, every);
    }
    const end = picked << 2;
    moveDistance(from, origin, s, slope, grads, moved, picked, scale, l2, beta3, gain3);
    numerator += chunkDot(grads, moved, picked);
    denominator += chunkSumAbs(s, picked);
    p += whole;
    m += whole;
    v += whole;
    g += whole;
    origin += end;
    s += end;
    n -= length;
  }
  store<f64>(sums, numerator);
  store<f64>(sums, denominator, 8);
}

/** p = p - (shrink p + step m / (sqrt v + eps)) */
export function prodigyStep<Lane>(p: Pointer, m: Pointer, v: Pointer, n: Size, shrink: f32, step: f32, eps: f32): void {
  const denominator = add<Lane>(sqrt<Lane>(load<Lane>(v)), splat<Lane>(eps));
  const along = div<Lane>(mul<Lane>(splat<Lane>(step), load<Lane>(m)), denominator);
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, along));
}

/** away = origin - p, for the elements of a chunk. */
function measureChunk<Lane>(p: Pointer, origin: Pointer, away: Pointer, n: Size): void {
  store<Lane>(away, sub<Lane>(load<Lane>(origin), load<Lane>(p)));
}

/** sums = (g (origin - p), g^2, (origin - p)^2), summed */
export function prodigyMeasure(p: Pointer, origin: Pointer, g: Pointer, work: Workspace, sums: Pointer, n: Size): void {
  let along: f64 = 0,
    slope: f64 = 0,
    distance: f64 = 0;
  while (n > 0) {
    const length = n < CHUNK ? n : CHUNK;
    measureChunk(p, origin, work, length);
    along += chunkDot(g, work, length);
    slope += chunkDot(g, g, length);
    distance += chunkDot(work, work, length);
    p += length << 2;
    origin += length << 2;
    g += length << 2;
    n -= length;
  }
  store<f64>(sums, along);
  store<f64>(sums, slope, 8);
  store<f64>(sums, distance, 16);
}

/** s = s + gain g;  sums = (g (origin - p), g^2, s^2), summed */
export function prodigyAccumulate(
  p: Pointer,
  origin: Pointer,
  s: Pointer,
  g: Pointer,
  work: Workspace,
  sums: Pointer,
  n: Size,
  gain: f32,
): void {
  let along: f64 = 0,
    slope: f64 = 0,
    gathered: f64 = 0;
  while (n > 0) {
    const length = n < CHUNK ? n : CHUNK;
    const end = length << 2;
    measureChunk(p, origin, work, length);
    axpy(g, s, length, gain);
    along += chunkDot(g, work, length);
    slope += chunkDot(g, g, length);
    gathered += chunkDot(s, s, length);
    p += end;
    origin += end;
    s += end;
    g += end;
    n -= length;
  }
  store<f64>(sums, along);
  store<f64>(sums, slope, 8);
  store<f64>(sums, gathered, 16);
}

/** p = origin - gamma s */
export function prodigyAverage<Lane>(p: Pointer, origin: Pointer, s: Pointer, n: Size, gamma: f32): void {
  store<Lane>(p, sub<Lane>(load<Lane>(origin), mul<Lane>(splat<Lane>(gamma), load<Lane>(s))));
}
