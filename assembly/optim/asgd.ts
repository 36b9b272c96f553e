/** Averaged SGD. See src/optim/asgd.ts for the rule and its source. */
import { penalised } from "../gradient";
import { mul, mulAdd, splat, sub } from "../lanes";
import { Pointer, Size } from "../words";

/** p -= eta (scale g + l2 p), stored. */
function descended<T>(p: Pointer, g: Pointer, scale: f32, l2: f32, eta: f32): T {
  const moved = sub<T>(load<T>(p), mul<T>(splat<T>(eta), penalised<T>(p, g, scale, l2)));
  store<T>(p, moved);
  return moved;
}

/** p -= eta (scale g + l2 p);  a = p: as long as there is nothing to average. */
export function asgdCopy<Lane>(p: Pointer, a: Pointer, g: Pointer, n: Size, scale: f32, l2: f32, eta: f32): void {
  store<Lane>(a, descended<Lane>(p, g, scale, l2, eta));
}

/** p -= eta (scale g + l2 p);  a += mu (p - a) */
export function asgdAverage<Lane>(
  p: Pointer,
  a: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  eta: f32,
  mu: f32,
): void {
  const moved = descended<Lane>(p, g, scale, l2, eta);
  const average = load<Lane>(a);
  store<Lane>(a, mulAdd<Lane>(splat<Lane>(mu), sub<Lane>(moved, average), average));
}
