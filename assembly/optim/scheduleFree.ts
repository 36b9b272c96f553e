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
import { Pointer, Size } from "../words";

/** u' = u + decay y */
function decayed<T>(y: Pointer, u: T, decay: f32): T {
  return mulAdd<T>(splat<T>(decay), load<T>(y), u);
}

/** y and z moved along u. */
function move<T>(y: Pointer, z: Pointer, u: T, c: f32, pull: f32, lr: f32): void {
  const y0 = load<T>(y);
  const z0 = load<T>(z);
  const averaged = mulAdd<T>(splat<T>(c), sub<T>(z0, y0), y0);
  store<T>(y, mulAdd<T>(splat<T>(pull), u, averaged));
  store<T>(z, sub<T>(z0, mul<T>(splat<T>(lr), u)));
}

/** v' = beta2 v + (gain2 g)^2 */
function second<T>(v: Pointer, grad: T, beta2: f32, gain2: f32): T {
  const scaled = mul<T>(splat<T>(gain2), grad);
  const moved = mulAdd<T>(splat<T>(beta2), load<T>(v), mul<T>(scaled, scaled));
  store<T>(v, moved);
  return moved;
}

/** u = scale g + decay y */
export function scheduleFreeSgd<Lane>(
  y: Pointer,
  z: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  decay: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  move<Lane>(y, z, decayed<Lane>(y, mul<Lane>(splat<Lane>(scale), load<Lane>(g)), decay), c, pull, lr);
}

/** As scheduleFreeSgd, while v is gathered. */
export function scheduleFreeWarmup<Lane>(
  y: Pointer,
  z: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  decay: f32,
  beta2: f32,
  gain2: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  const grad = load<Lane>(g);
  second<Lane>(v, grad, beta2, gain2);
  move<Lane>(y, z, decayed<Lane>(y, mul<Lane>(splat<Lane>(scale), grad), decay), c, pull, lr);
}

/** u = gain g / (sqrt v + eps) + decay y */
export function scheduleFreeAdam<Lane>(
  y: Pointer,
  z: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
  gain: f32,
  decay: f32,
  beta2: f32,
  gain2: f32,
  eps: f32,
  c: f32,
  pull: f32,
  lr: f32,
): void {
  const grad = load<Lane>(g);
  const denominator = add<Lane>(sqrt<Lane>(second<Lane>(v, grad, beta2, gain2)), splat<Lane>(eps));
  move<Lane>(y, z, decayed<Lane>(y, div<Lane>(mul<Lane>(splat<Lane>(gain), grad), denominator), decay), c, pull, lr);
}

/** m = beta1 m + gain1 g;  u = gain m / (sqrt v + eps) + decay y */
export function scheduleFreeAdamInner<Lane>(
  y: Pointer,
  z: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
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
  const grad = load<Lane>(g);
  const first = mulAdd<Lane>(splat<Lane>(beta1), load<Lane>(m), mul<Lane>(splat<Lane>(gain1), grad));
  store<Lane>(m, first);
  const denominator = add<Lane>(sqrt<Lane>(second<Lane>(v, grad, beta2, gain2)), splat<Lane>(eps));
  move<Lane>(y, z, decayed<Lane>(y, div<Lane>(mul<Lane>(splat<Lane>(gain), first), denominator), decay), c, pull, lr);
}
