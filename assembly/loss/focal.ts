/** Focal losses, binary and over a softmax; see src/losses/focal.ts. */
import { scale } from "../elementwise";
import { add, atMost, mul, splat, sub, weigh } from "../lanes";
import { log1pTail, logistic, logisticOfMagnitude, softplus, tailOf } from "../logistic";
import { exp, log } from "../math";
import { expSum, largest } from "../softmaxRow";

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

function sigmoidFocalAt<T>(
  x: usize,
  t: usize,
  losses: usize,
  gradient: usize,
  gamma: f32,
  positive: f32,
  negative: f32,
  by: f32,
): void {
  const z = load<T>(x);
  const minus = sub<T>(splat<T>(0), z);
  const tail = tailOf<T>(z);
  const log1p = log1pTail<T>(tail);
  const ofMagnitude = logisticOfMagnitude<T>(tail);
  const p = logistic<T>(z, tail, ofMagnitude);
  const q = logistic<T>(minus, tail, ofMagnitude);
  const up = softplus<T>(z, log1p);
  const down = softplus<T>(minus, log1p);
  const target = load<T>(t);
  const ofPositive = mul<T>(splat<T>(positive), target);
  const ofNegative = mul<T>(splat<T>(negative), sub<T>(splat<T>(1), target));
  // What gamma or a probability of 0 multiplies is not infinite.
  const finiteUp = atMost<T>(up, splat<T>(LARGEST));
  const finiteDown = atMost<T>(down, splat<T>(LARGEST));
  const easyPositive = modulation<T>(gamma, finiteUp);
  const easyNegative = modulation<T>(gamma, finiteDown);
  const lossOfPositive = weigh<T>(ofPositive, mul<T>(easyPositive, down));
  store<T>(losses, add<T>(lossOfPositive, weigh<T>(ofNegative, mul<T>(easyNegative, up))));
  const pull = mul<T>(ofNegative, steepness<T>(easyNegative, gamma, q, finiteUp, p));
  const push = mul<T>(ofPositive, steepness<T>(easyPositive, gamma, p, finiteDown, q));
  store<T>(gradient, mul<T>(splat<T>(by), sub<T>(pull, push)));
}

/**
 * With p = logistic(x) and q = 1 - p: losses = positive t q^gamma (-log p) + negative (1 - t) p^gamma (-log q), and
 * `by` times its derivative. `gradient` may be `x`.
 */
export function sigmoidFocal(
  x: usize,
  t: usize,
  losses: usize,
  gradient: usize,
  n: usize,
  gamma: f32,
  positive: f32,
  negative: f32,
  by: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      sigmoidFocalAt<v128>(x + i, t + i, losses + i, gradient + i, gamma, positive, negative, by);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) sigmoidFocalAt<f32>(x + i, t + i, losses + i, gradient + i, gamma, positive, negative, by);
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
  logits: usize,
  targets: usize,
  weights: usize,
  losses: usize,
  gradient: usize,
  rows: usize,
  columns: usize,
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
