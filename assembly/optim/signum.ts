/** Sign descent. See src/optim/signum.ts for the rule and its source. */
import { descended } from "../decay";
import { mul, sign, splat } from "../lanes";
import { Pointer, Size } from "../words";

/** p = p - (shrink p + lr sign(scale g)) */
export function signSgd<Lane>(p: Pointer, g: Pointer, n: Size, scale: f32, lr: f32, shrink: f32): void {
  const direction = sign<Lane>(mul<Lane>(splat<Lane>(scale), load<Lane>(g)));
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, mul<Lane>(splat<Lane>(lr), direction)));
}
