/** Random words, made by random.ts, turned in place into samples. One word makes one sample. */
import {
  add,
  clip,
  div,
  flipByLowBit,
  loadHigh24,
  loadHigh31,
  mul,
  mulAdd,
  splat,
  sqrt,
  sub,
  whenEven,
  whenLess,
} from "./lanes";
import { log } from "./math";
import { Pointer, Size } from "./words";

/** y = low + (high - low) u, where u is the word's 24 high bits as a fraction in [0, 1). */
export function uniformFromBits<Lane>(y: Pointer, n: Size, low: f32, range: f32): void {
  const u = mul<Lane>(loadHigh24<Lane>(y), splat<Lane>(5.9604644775390625e-8));
  store<Lane>(y, mulAdd<Lane>(u, splat<Lane>(range), splat<Lane>(low)));
}

/**
 * The standard normal quantile of a tail probability p in (0, 1/2], as a distance from 0.
 * M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988),
 * PPND7, whose third region (p < 1.4e-11) cannot occur here.
 */
function tailQuantile<T>(p: T): T {
  const q = sub<T>(splat<T>(0.5), p);
  const r = sub<T>(splat<T>(0.180625), mul<T>(q, q));
  let a = splat<T>(5.910937472e1);
  a = mulAdd<T>(a, r, splat<T>(1.5929113202e2));
  a = mulAdd<T>(a, r, splat<T>(5.0434271938e1));
  a = mulAdd<T>(a, r, splat<T>(3.3871327179));
  let b = splat<T>(6.71875636e1);
  b = mulAdd<T>(b, r, splat<T>(7.8757757664e1));
  b = mulAdd<T>(b, r, splat<T>(1.7895169469e1));
  b = mulAdd<T>(b, r, splat<T>(1));
  const s = sub<T>(sqrt<T>(sub<T>(splat<T>(0), log<T>(p))), splat<T>(1.6));
  let c = splat<T>(1.7023821103e-1);
  c = mulAdd<T>(c, s, splat<T>(1.3067284816));
  c = mulAdd<T>(c, s, splat<T>(2.75681539));
  c = mulAdd<T>(c, s, splat<T>(1.4234372777));
  let d = splat<T>(1.2021132975e-1);
  d = mulAdd<T>(d, s, splat<T>(7.370016425e-1));
  d = mulAdd<T>(d, s, splat<T>(1));
  return whenLess<T>(p, splat<T>(0.075), div<T>(c, d), div<T>(mul<T>(q, a), b));
}

/** The 31 high bits of the word as a fraction in (0, 1/2]. */
function half<T>(word: Pointer): T {
  return mul<T>(add<T>(loadHigh31<T>(word), splat<T>(0.5)), splat<T>(2.3283064365386963e-10));
}

/** y = mean + deviation z, where z is the normal quantile of the word: 31 bits give the tail, the lowest its side. */
export function normalFromBits<Lane>(y: Pointer, n: Size, mean: f32, deviation: f32): void {
  const z = flipByLowBit<Lane>(tailQuantile<Lane>(half<Lane>(y)), y);
  store<Lane>(y, mulAdd<Lane>(z, splat<Lane>(deviation), splat<Lane>(mean)));
}

/**
 * y = mean + deviation z in [low, high], where z is the quantile of below + within u for the word's fraction u. `below`
 * and `above` are the probabilities of the standard normal distribution outside of the ends, `within` the rest; 31 bits
 * of the word say how far u is from one of its ends, the lowest bit from which.
 */
export function truncatedNormalFromBits<Lane>(
  y: Pointer,
  n: Size,
  mean: f32,
  deviation: f32,
  below: f32,
  within: f32,
  above: f32,
  low: f32,
  high: f32,
): void {
  // The way from one end is small and precise, so that neither tail of the normal distribution is cut coarsely.
  const near = half<Lane>(y);
  const far = sub<Lane>(splat<Lane>(1), near);
  const left = mulAdd<Lane>(splat<Lane>(within), whenEven<Lane>(y, far, near), splat<Lane>(below));
  const right = mulAdd<Lane>(splat<Lane>(within), whenEven<Lane>(y, near, far), splat<Lane>(above));
  const distance = tailQuantile<Lane>(whenLess<Lane>(left, right, left, right));
  const z = whenLess<Lane>(left, right, sub<Lane>(splat<Lane>(0), distance), distance);
  store<Lane>(
    y,
    clip<Lane>(mulAdd<Lane>(z, splat<Lane>(deviation), splat<Lane>(mean)), splat<Lane>(low), splat<Lane>(high)),
  );
}
