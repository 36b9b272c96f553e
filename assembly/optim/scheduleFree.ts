/**
 * Schedule-Free learning over SGD, Adam and RAdam. See src/optim/scheduleFree.ts for the rule and its source.
 *
 *   u = the direction of the base optimizer at y, with the decay at y
 *   y = y + c (z - y) + pull u      pull = lr (beta (1 - c) - 1)
 *   z = z - lr u
 *
 * x is never stored: y = (1 - beta) z + beta x.
 */
import { add, div, mul, mulAdd, splat, sqrt, sub } from "../lanes";

/** u' = u + decay y */
function decayed<T>(y: usize, u: T, decay: f32): T {
  return mulAdd<T>(splat<T>(decay), load<T>(y), u);
}

/** y and z moved along u. */
function move<T>(y: usize, z: usize, u: T, c: f32, pull: f32, lr: f32): void {
  const y0 = load<T>(y);
  const z0 = load<T>(z);
  const averaged = mulAdd<T>(splat<T>(c), sub<T>(z0, y0), y0);
  store<T>(y, mulAdd<T>(splat<T>(pull), u, averaged));
  store<T>(z, sub<T>(z0, mul<T>(splat<T>(lr), u)));
}

/** v' = beta2 v + (gain2 g)^2 */
function second<T>(v: usize, grad: T, beta2: f32, gain2: f32): T {
  const scaled = mul<T>(splat<T>(gain2), grad);
  const moved = mulAdd<T>(splat<T>(beta2), load<T>(v), mul<T>(scaled, scaled));
  store<T>(v, moved);
  return moved;
}

function scheduleFreeSgdAt<T>(y: usize, z: usize, g: usize, scale: f32, decay: f32, c: f32, pull: f32, lr: f32): void {
  move<T>(y, z, decayed<T>(y, mul<T>(splat<T>(scale), load<T>(g)), decay), c, pull, lr);
}

/** u = scale g + decay y */
export function scheduleFreeSgd(
  y: usize,
  z: usize,
  g: usize,
  n: usize,
  scale: f32,
  decay: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      scheduleFreeSgdAt<v128>(y + i, z + i, g + i, scale, decay, c, pull, lr);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) scheduleFreeSgdAt<f32>(y + i, z + i, g + i, scale, decay, c, pull, lr);
}

function scheduleFreeWarmupAt<T>(
  y: usize,
  z: usize,
  v: usize,
  g: usize,
  scale: f32,
  decay: f32,
  beta2: f32,
  gain2: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  const grad = load<T>(g);
  second<T>(v, grad, beta2, gain2);
  move<T>(y, z, decayed<T>(y, mul<T>(splat<T>(scale), grad), decay), c, pull, lr);
}

/** As scheduleFreeSgd, while v is gathered. */
export function scheduleFreeWarmup(
  y: usize,
  z: usize,
  v: usize,
  g: usize,
  n: usize,
  scale: f32,
  decay: f32,
  beta2: f32,
  gain2: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      scheduleFreeWarmupAt<v128>(y + i, z + i, v + i, g + i, scale, decay, beta2, gain2, c, pull, lr);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    scheduleFreeWarmupAt<f32>(y + i, z + i, v + i, g + i, scale, decay, beta2, gain2, c, pull, lr);
}

function scheduleFreeAdamAt<T>(
  y: usize,
  z: usize,
  v: usize,
  g: usize,
  gain: f32,
  decay: f32,
  beta2: f32,
  gain2: f32,
  eps: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  const grad = load<T>(g);
  const denominator = add<T>(sqrt<T>(second<T>(v, grad, beta2, gain2)), splat<T>(eps));
  move<T>(y, z, decayed<T>(y, div<T>(mul<T>(splat<T>(gain), grad), denominator), decay), c, pull, lr);
}

/** u = gain g / (sqrt v + eps) + decay y */
export function scheduleFreeAdam(
  y: usize,
  z: usize,
  v: usize,
  g: usize,
  n: usize,
  gain: f32,
  decay: f32,
  beta2: f32,
  gain2: f32,
  eps: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      scheduleFreeAdamAt<v128>(y + i, z + i, v + i, g + i, gain, decay, beta2, gain2, eps, c, pull, lr);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    scheduleFreeAdamAt<f32>(y + i, z + i, v + i, g + i, gain, decay, beta2, gain2, eps, c, pull, lr);
}

function scheduleFreeAdamInnerAt<T>(
  y: usize,
  z: usize,
  m: usize,
  v: usize,
  g: usize,
  gain: f32,
  decay: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  eps: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  const grad = load<T>(g);
  const first = mulAdd<T>(splat<T>(beta1), load<T>(m), mul<T>(splat<T>(gain1), grad));
  store<T>(m, first);
  const denominator = add<T>(sqrt<T>(second<T>(v, grad, beta2, gain2)), splat<T>(eps));
  move<T>(y, z, decayed<T>(y, div<T>(mul<T>(splat<T>(gain), first), denominator), decay), c, pull, lr);
}

/** m = beta1 m + gain1 g;  u = gain m / (sqrt v + eps) + decay y */
export function scheduleFreeAdamInner(
  y: usize,
  z: usize,
  m: usize,
  v: usize,
  g: usize,
  n: usize,
  gain: f32,
  decay: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  eps: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      scheduleFreeAdamInnerAt<v128>(
        y + i,
        z + i,
        m + i,
        v + i,
        g + i,
        gain,
        decay,
        beta1,
        gain1,
        beta2,
        gain2,
        eps,
        c,
        pull,
        lr,
      );
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4)
    scheduleFreeAdamInnerAt<f32>(
      y + i,
      z + i,
      m + i,
      v + i,
      g + i,
      gain,
      decay,
      beta1,
      gain1,
      beta2,
      gain2,
      eps,
      c,
      pull,
      lr,
    );
}
