/** NAG-GS. See src/optim/nagGs.ts for the rule and its source. */
import { mul, mulAdd, splat, sub } from "../lanes";
import { Pointer, Size } from "../words";

/** v = v + b (p - v) - push g;  p = p + a (v - p) */
export function nagGs<Lane>(p: Pointer, v: Pointer, g: Pointer, n: Size, b: f32, push: f32, a: f32): void {
  const x = load<Lane>(p);
  const v0 = load<Lane>(v);
  const pulled = mulAdd<Lane>(splat<Lane>(b), sub<Lane>(x, v0), v0);
  const v1 = sub<Lane>(pulled, mul<Lane>(splat<Lane>(push), load<Lane>(g)));
  store<Lane>(v, v1);
  store<Lane>(p, mulAdd<Lane>(splat<Lane>(a), sub<Lane>(v1, x), x));
}
