/** Stochastic variance-reduced gradient. See src/training/svrg.ts for the rule and its source. */
import { add, mul, splat, sub } from "../lanes";
import { Pointer, Size } from "../words";

/** p -= lr (g - s + u): the gradient of a batch at p, less that at the snapshot, plus the full gradient there. */
export function svrg<Lane>(p: Pointer, g: Pointer, s: Pointer, u: Pointer, n: Size, lr: f32): void {
  const v = add<Lane>(sub<Lane>(load<Lane>(g), load<Lane>(s)), load<Lane>(u));
  store<Lane>(p, sub<Lane>(load<Lane>(p), mul<Lane>(splat<Lane>(lr), v)));
}
