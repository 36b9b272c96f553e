/** Running averages and sums of gradients and of their squares, stored as they move. */
import { add, mul, mulAdd, splat, sqrt } from "./lanes";

function average<T>(w: usize, beta: f32, gained: T): T {
  const moved = mulAdd<T>(splat<T>(beta), load<T>(w), gained);
  store<T>(w, moved);
  return moved;
}

/** m = beta m + gain x, where gain is 1 - beta and whatever else multiplies x. */
export function first<T>(m: usize, x: T, beta: f32, gain: f32): T {
  return average<T>(m, beta, mul<T>(splat<T>(gain), x));
}

/** v = beta v + (gain x)^2, where gain is sqrt(1 - beta) and whatever else multiplies x. */
export function second<T>(v: usize, x: T, beta: f32, gain: f32): T {
  const scaled = mul<T>(splat<T>(gain), x);
  return average<T>(v, beta, mul<T>(scaled, scaled));
}

/** sqrt(v + inside) + outside: eps on one side of the root and 0 on the other. */
export function root<T>(v: T, inside: f32, outside: f32): T {
  return add<T>(sqrt<T>(add<T>(v, splat<T>(inside))), splat<T>(outside));
}
