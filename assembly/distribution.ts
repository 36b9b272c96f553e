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

function uniformFromBitsAt<T>(y: usize, low: f32, range: f32): void {
  const u = mul<T>(loadHigh24<T>(y), splat<T>(5.9604644775390625e-8));
  store<T>(y, mulAdd<T>(u, splat<T>(range), splat<T>(low)));
}

/** y = low + (high - low) u, where u is the word's 24 high bits as a fraction in [0, 1). */
export function uniformFromBits(y: usize, n: usize, low: f32, range: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      uniformFromBitsAt<v128>(y + i, low, range);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) uniformFromBitsAt<f32>(y + i, low, range);
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
function half<T>(word: usize): T {
  return mul<T>(add<T>(loadHigh31<T>(word), splat<T>(0.5)), splat<T>(2.3283064365386963e-10));
}

function normalFromBitsAt<T>(y: usize, mean: f32, deviation: f32): void {
  const z = flipByLowBit<T>(tailQuantile<T>(half<T>(y)), y);
  store<T>(y, mulAdd<T>(z, splat<T>(deviation), splat<T>(mean)));
}

/** y = mean + deviation z, where z is the normal quantile of the word: 31 bits give the tail, the lowest its side. */
export function normalFromBits(y: usize, n: usize, mean: f32, deviation: f32): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      normalFromBitsAt<v128>(y + i, mean, deviation);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) normalFromBitsAt<f32>(y + i, mean, deviation);
}

function truncatedNormalFromBitsAt<T>(
  y: usize,
  mean: f32,
  deviation: f32,
  below: f32,
  within: f32,
  above: f32,
  low: f32,
  high: f32,
): void {
  // The way from one end is small and precise, so that neither tail of the normal distribution is cut coarsely.
  const near = half<T>(y);
  const far = sub<T>(splat<T>(1), near);
  const left = mulAdd<T>(splat<T>(within), whenEven<T>(y, far, near), splat<T>(below));
  const right = mulAdd<T>(splat<T>(within), whenEven<T>(y, near, far), splat<T>(above));
  const distance = tailQuantile<T>(whenLess<T>(left, right, left, right));
  const z = whenLess<T>(left, right, sub<T>(splat<T>(0), distance), distance);
  store<T>(y, clip<T>(mulAdd<T>(z, splat<T>(deviation), splat<T>(mean)), splat<T>(low), splat<T>(high)));
}

/**
 * y = mean + deviation z in [low, high], where z is the quantile of below + within u for the word's fraction u. `below`
 * and `above` are the probabilities of the standard normal distribution outside of the ends, `within` the rest; 31 bits
 * of the word say how far u is from one of its ends, the lowest bit from which.
 */
export function truncatedNormalFromBits(
  y: usize,
  n: usize,
  mean: f32,
  deviation: f32,
  below: f32,
  within: f32,
  above: f32,
  low: f32,
  high: f32,
): void {
  const end = n << 2;
  let i: usize = 0;
  if (ASC_FEATURE_SIMD && end >= 16) {
    do {
      truncatedNormalFromBitsAt<v128>(y + i, mean, deviation, below, within, above, low, high);
      i += 16;
    } while (i + 16 <= end);
  }
  for (; i < end; i += 4) truncatedNormalFromBitsAt<f32>(y + i, mean, deviation, below, within, above, low, high);
}
