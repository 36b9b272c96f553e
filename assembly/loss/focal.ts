/** Focal losses, binary and over a softmax; see src/losses/focal.ts. */
import { scale } from "../elementwise";
import { add, atMost, mul, splat, sub, weigh } from "../lanes";
import { log1pTail, logistic, logisticOfMagnitude, softplus, tailOf } from "../logistic";
import { exp, log } from "../math";
import { expSum, largest } from "../softmaxRow";
import { Pointer, Size } from "../words";

/** The largest float32 number. */
const LARGEST: f32 = 3.40282347e38;

/** (1 - p)^gamma, p = logistic(s), given log(1 + e^s) = -log(1 - p). */
function modulation<T>(gamma: f32, softplusOfS: T): T {
  return exp<T>(mul<T>(splat<T>(-gamma), softplusOfS));
}

/** d/ds of -(1 - p)^gamma log p, negated: (1 - p)^gamma (gamma p (-log p) + 1 - p). */
function steepness<T>(modulated: T, gamma: f32, p: T, nll: T, rest: T): T {
  return mul<T>(modulated, add<T>(mul<T>(mul<T>(splat<T>(gamma), p), nll), rest));
}

/**
 * With p = logistic(x) and q = 1 - p: losses = positive t q^gamma (-log p) + negative (1 - t) p^gamma (-log q), and
 * `by` times its derivative. `gradient` may be `x`.
 */
export function sigmoidFocal<Lane>(
  x: Pointer,
  t: Pointer,
  losses: Pointer,
  gradient: Pointer,
  n: Size,
  gamma: f32,
  positive: f32,
  negative: f32,
  by: f32,
): void {
  const z = load<Lane>(x);
  const minus = sub<Lane>(splat<Lane>(0), z);
  const tail = tailOf<Lane>(z);
  const log1p = log1pTail<Lane>(tail);
  const ofMagnitude = logisticOfMagnitude<Lane>(tail);
  const p = logistic<Lane>(z, tail, ofMagnitude);
  const q = logistic<Lane>(minus, tail, ofMagnitude);
  const up = softplus<Lane>(z, log1p);
  const down = softplus<Lane>(minus, log1p);
  const target = load<Lane>(t);
  const ofPositive = mul<Lane>(splat<Lane>(positive), target);
  const ofNegative = mul<Lane>(splat<Lane>(negative), sub<Lane>(splat<Lane>(1), target));
  // What gamma or a probability of 0 multiplies is not infinite.
  const finiteUp = atMost<Lane>(up, splat<Lane>(LARGEST));
  const finiteDown = atMost<Lane>(down, splat<Lane>(LARGEST));
  const easyPositive = modulation<Lane>(gamma, finiteUp);
  const easyNegative = modulation<Lane>(gamma, finiteDown);
  const lossOfPositive = weigh<Lane>(ofPositive, mul<Lane>(easyPositive, down));
  store<Lane>(losses, add<Lane>(lossOfPositive, weigh<Lane>(ofNegative, mul<Lane>(easyNegative, up))));
  const pull = mul<Lane>(ofNegative, steepness<Lane>(easyNegative, gamma, q, finiteUp, p));
  const push = mul<Lane>(ofPositive, steepness<Lane>(easyPositive, gamma, p, finiteDown, q));
  store<Lane>(gradient, mul<Lane>(splat<Lane>(by), sub<Lane>(pull, push)));
}

/** -log(1 - q) for q in [0, 1/2): log loses what 1 - q lost of q, and the factor gives it back (W. Kahan). */
function negativeLog1m(q: f32): f32 {
  const p: f32 = 1 - q;
  return p == 1 ? q : -log<f32>(p) * (q / (1 - p));
}

/**
 * With p the softmax of a row at its target and w the weight of that class: losses = w (1 - p)^gamma (-log p), and `by`
 * times its gradient. `gradient` may be `logits`. Every target must be below `columns`.
 */
export function softmaxFocal(
  logits: Pointer,
  targets: Pointer,
  weights: Pointer,
  losses: Pointer,
  gradient: Pointer,
  rows: Size,
  columns: Size,
  gamma: f32,
  by: f32,
): void {
  const bytes = columns << 2;
  for (let i: usize = 0; i < rows; i++) {
    const z = logits + i * bytes;
    const y = gradient + i * bytes;
    const target = load<u32>(targets + (i << 2)) << 2;
    const most = largest(z, columns);
    const correct = load<f32>(z + target);
    const total = expSum(z, y, columns, most);
    const own = load<f32>(y + target);
    // 1 - p, to 1e-16: in float32 it has no digits left where p is nearly 1.
    const rest = f32((total - f64(own)) / total);
    const p = f32(f64(own) / total);
    const nll = rest < 0.5 ? negativeLog1m(rest) : add<f32>(log<f32>(f32(total)), sub<f32>(most, correct));
    const modulated = gamma == 0 ? f32(1) : exp<f32>(gamma * log<f32>(rest));
    const weighted = load<f32>(weights + target) * modulated;
    store<f32>(losses + (i << 2), weigh<f32>(weighted, nll));
    // -log(p) / (1 - p) tends to 1 with p.
    const ratio = rest == 0 ? f32(1) : nll / rest;
    const slope = by * (weighted * (1 + gamma * weigh<f32>(p, ratio)));
    // softmax - onehot is `rest` at the target, and not p - 1, for the same reason.
    scale(y, y, columns, slope / f32(total));
    store<f32>(y + target, -slope * rest);
  }
}
