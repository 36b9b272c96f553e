/** Sign descent. See src/optim/signum.ts for the rule and its source. */
import { descended } from "../decay";
import { mul, sign, splat } from "../lanes";

function signSgdAt<T>(p: usize, g: usize, scale: f32, lr: f32, shrink: f32): void {
  const direction = sign<T>(mul<T>(splat<T>(scale), load<T>(g)));
  store<T>(p, descended<T>(load<T>(p), shrink, mul<T>(splat<T>(lr), direction)));
}

/** p = p - (shrink p + lr sign(scale g)) */
export function signSgd(p: usize, g: usize, n: usize, scale: f32, lr: f32, shrink: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      signSgdAt<v128>(p + i, g + i, scale, lr, shrink);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) signSgdAt<f32>(p + i, g + i, scale, lr, shrink);
}
