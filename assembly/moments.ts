/**
 * What the kernels of Adam's family share: running moments of the gradient, in place. Gains hold whatever multiplies the
 * gradient, folded in float64: the gradient scale and 1 - beta1, the scale and sqrt(1 - beta2).
 */
import { add, atLeast, div, mul, mulAdd, splat, sqrt } from "./lanes";
import { Pointer } from "./words";

/** beta w + gained */
export function averaged<T>(w: Pointer, beta: f32, gained: T): T {
  return mulAdd<T>(splat<T>(beta), load<T>(w), gained);
}

/** w' = beta w + gained, stored. */
export function average<T>(w: Pointer, beta: f32, gained: T): T {
  const moved = averaged<T>(w, beta, gained);
  store<T>(w, moved);
  return moved;
}

/** (gain x)^2 */
export function squared<T>(x: T, gain: f32): T {
  const scaled = mul<T>(splat<T>(gain), x);
  return mul<T>(scaled, scaled);
}

/** m' = beta1 m + gain1 g */
export function first<T>(m: Pointer, grad: T, beta1: f32, gain1: f32): T {
  return average<T>(m, beta1, mul<T>(splat<T>(gain1), grad));
}

/** v' = beta2 v + (gain2 g)^2 */
export function second<T>(v: Pointer, grad: T, beta2: f32, gain2: f32): T {
  return average<T>(v, beta2, squared<T>(grad, gain2));
}

/** max(u, v), stored; NaN where v is, which then stays NaN. */
export function keepLargest<T>(u: Pointer, v: T): T {
  const most = atLeast<T>(v, load<T>(u));
  store<T>(u, most);
  return most;
}

/** x / (sqrt v + eps) */
export function adapted<T>(x: T, v: T, eps: f32): T {
  return div<T>(x, add<T>(sqrt<T>(v), splat<T>(eps)));
}

/** sqrt(v + inside) + outside: eps on one side of the root and 0 on the other. */
export function root<T>(v: T, inside: f32, outside: f32): T {
  return add<T>(sqrt<T>(add<T>(v, splat<T>(inside))), splat<T>(outside));
}
