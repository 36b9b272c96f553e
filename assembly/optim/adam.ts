/**
 * Adam and its decoupled and AMSGrad forms. See src/optim/adam.ts for the rule and its source.
 *
 *   m = beta1 m + gain1 g
 *   v = beta2 v + (gain2 g)^2
 *   p = p - (shrink p + step m / (sqrt v + eps))
 *
 * The caller folds whatever does not depend on data into the scalars, in float64, rounded once: the gradient scale and
 * 1 - beta1 into gain1, the scale and sqrt(1 - beta2) into gain2, the bias corrections into step and eps. That leaves
 * the loop bound by its square root and its division.
 */
import { CHUNK } from "../chunk";
import { descended } from "../decay";
import { penalised } from "../gradient";
import { mul, mulAdd, splat, sub } from "../lanes";
import { adapted, averaged, first, largest, second, squared } from "../moments";
import { flush, gather, PARTIALS } from "../norms";
import { Pointer, Size } from "../words";

/** step m / (sqrt v + eps) */
function along<T>(m: T, v: T, step: f32, eps: f32): T {
  return adapted<T>(mul<T>(splat<T>(step), m), v, eps);
}

/** Adam with an L2 penalty in the gradient. */
export function adam<Lane>(
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
  step: f32,
  eps: f32,
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = second<Lane>(v, grad, beta2, gain2);
  store<Lane>(p, sub<Lane>(load<Lane>(p), along<Lane>(m1, v1, step, eps)));
}

/** Adam with the L2 penalty, over the largest second moment so far, `u`. */
export function adamAmsgrad<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  u: Pointer,
  g: Pointer,
  n: Size,
  scale: f32,
  l2: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
): void {
  const grad = penalised<Lane>(p, g, scale, l2);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = largest<Lane>(u, second<Lane>(v, grad, beta2, gain2));
  store<Lane>(p, sub<Lane>(load<Lane>(p), along<Lane>(m1, v1, step, eps)));
}

function adamwAt<T>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  shrink: f32,
): T {
  // Every load before the first store: 2 % of a step over 64 Ki parameters.
  const before = load<T>(p);
  const grad = load<T>(g);
  const m1 = averaged<T>(m, beta1, mul<T>(splat<T>(gain1), grad));
  const v1 = averaged<T>(v, beta2, squared<T>(grad, gain2));
  store<T>(m, m1);
  store<T>(v, v1);
  const after = descended<T>(before, shrink, along<T>(m1, v1, step, eps));
  store<T>(p, after);
  return after;
}

/** Adam with decoupled decay. */
export function adamw(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  n: Size,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  shrink: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      adamwAt<v128>(p + i, m + i, v + i, g + i, beta1, gain1, beta2, gain2, step, eps, shrink);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) adamwAt<f32>(p + i, m + i, v + i, g + i, beta1, gain1, beta2, gain2, step, eps, shrink);
}

/**
 * `adamw`, which also adds [sum g^2, sum (change of p)^2, sum p^2] to `sums`, in the order of norms.ts. The sums of a
 * chunk stay in registers: they hide behind the square root and the division, for the most part.
 */
export function adamwNorms(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  g: Pointer,
  work: Pointer,
  sums: Pointer,
  n: Size,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  shrink: f32,
): void {
  memory.fill(work, 0, 3 * PARTIALS);
  while (n > 0) {
    const length = n < CHUNK ? n : CHUNK;
    const end = length << 2;
    let i: usize = 0;
    if (ASC_FEATURE_SIMD && end >= 16) {
      let ofG = f32x4.splat(0);
      let ofChange = ofG;
      let ofP = ofG;
      do {
        const grad = load<v128>(g + i);
        const before = load<v128>(p + i);
        const after = adamwAt<v128>(p + i, m + i, v + i, g + i, beta1, gain1, beta2, gain2, step, eps, shrink);
        const change = sub<v128>(after, before);
        ofG = mulAdd<v128>(grad, grad, ofG);
        ofChange = mulAdd<v128>(change, change, ofChange);
        ofP = mulAdd<v128>(after, after, ofP);
        i += 16;
      } while (i + 16 <= end);
      store<v128>(work, ofG);
      store<v128>(work + PARTIALS, ofChange);
      store<v128>(work + 2 * PARTIALS, ofP);
    }
    for (; i < end; i += 4) {
      const before = load<f32>(p + i);
      const after = adamwAt<f32>(p + i, m + i, v + i, g + i, beta1, gain1, beta2, gain2, step, eps, shrink);
      gather(work, i, load<f32>(g + i), before, after);
    }
    flush(work, sums);
    p += end;
    m += end;
    v += end;
    g += end;
    n -= length;
  }
}

/** Adam with decoupled decay, over the largest second moment so far, `u`. */
export function adamwAmsgrad<Lane>(
  p: Pointer,
  m: Pointer,
  v: Pointer,
  u: Pointer,
  g: Pointer,
  n: Size,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  step: f32,
  eps: f32,
  shrink: f32,
): void {
  const grad = load<Lane>(g);
  const m1 = first<Lane>(m, grad, beta1, gain1);
  const v1 = largest<Lane>(u, second<Lane>(v, grad, beta2, gain2));
  store<Lane>(p, descended<Lane>(load<Lane>(p), shrink, along<Lane>(m1, v1, step, eps)));
}
