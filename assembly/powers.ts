/**
 * Sums of powers, for norms other than the 1-, 2- and maximum norms. In float64, by the operations of src/real.ts in
 * their order, one element at a time in every build: a fractional power is an exponential and a logarithm.
 */
import { CHUNK } from "./chunk";

/** x^p for a whole p >= 0, by repeated squaring. */
function powi(x: f64, p: f64): f64 {
  let result: f64 = 1;
  for (let base = x, rest = p; rest > 0; base *= base) {
    const half = floor<f64>(rest / 2);
    if (rest != half + half) result *= base;
    rest = half;
  }
  return result;
}

/** 2^n for a whole n from -1022 to 1023. */
function pow2(n: f64): f64 {
  return reinterpret<f64>((i64(n) + 1023) << 52);
}

const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;

/** e^x: fdlibm's e_exp.c. */
function exp(x: f64): f64 {
  if (x != x) return x;
  if (x > 710) return Infinity;
  if (x < -746) return 0;
  const n = Math.round(x * Math.LOG2E);
  const high = x - n * LN2_HIGH;
  const low = n * LN2_LOW;
  const r = high - low;
  const z = r * r;
  let tail: f64 = 4.1381367970572385e-8;
  tail = tail * z - 1.6533902205465252e-6;
  tail = tail * z + 6.613756321437934e-5;
  tail = tail * z - 2.7777777777015593e-3;
  tail = tail * z + 1.6666666666666602e-1;
  const c = r - z * tail;
  const y = 1 - (low - (r * c) / (2 - c) - high);
  const half = floor<f64>(n / 2);
  return y * pow2(half) * pow2(n - half);
}

/** log x for x that is 0 or not subnormal, which quotients of float32 numbers never are: fdlibm's e_log.c. */
function log(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (x == Infinity) return x;
  const bits = reinterpret<u64>(x);
  let n = f64(i64(bits >> 52) - 1023);
  let fraction = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (fraction >= Math.SQRT2) {
    fraction /= 2;
    n += 1;
  }
  const f = fraction - 1;
  const s = f / (2 + f);
  const z = s * s;
  let tail: f64 = 0.14798198605116586;
  tail = tail * z + 0.15313837699209373;
  tail = tail * z + 0.1818357216161805;
  tail = tail * z + 0.22222198432149784;
  tail = tail * z + 0.2857142874366239;
  tail = tail * z + 0.3999999999940942;
  tail = tail * z + 0.6666666666666735;
  const half = 0.5 * f * f;
  return n * LN2_HIGH - (half - (s * (half + z * tail) + n * LN2_LOW) - f);
}

/** x^p for x >= 0. */
function pow(x: f64, p: f64): f64 {
  if (floor<f64>(p) != p || abs<f64>(p) == Infinity) return exp(p * log(x));
  return p < 0 ? 1 / powi(x, -p) : powi(x, p);
}

/** The powers of every eighth element: one of the partials of chunk.ts. */
function partial(x: usize, end: usize, unit: f64, p: f64): f64 {
  let total: f64 = 0;
  for (; x < end; x += 32) {
    const magnitude = f64(abs<f32>(load<f32>(x)));
    if (magnitude != 0) total += pow(magnitude / unit, p);
  }
  return total;
}

function chunkPowers(x: usize, n: usize, unit: f64, p: f64): f64 {
  const end = x + (n << 2);
  const s0 = partial(x, end, unit, p);
  const s1 = partial(x + 4, end, unit, p);
  const s2 = partial(x + 8, end, unit, p);
  const s3 = partial(x + 12, end, unit, p);
  const s4 = partial(x + 16, end, unit, p);
  const s5 = partial(x + 20, end, unit, p);
  const s6 = partial(x + 24, end, unit, p);
  const s7 = partial(x + 28, end, unit, p);
  return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7));
}

/** sum (|x_i| / unit)^p over the elements that are not 0: for p = 0, how many there are. */
export function sumPowers(x: usize, n: usize, unit: f64, p: f64): f64 {
  let total: f64 = 0;
  for (; n > CHUNK; n -= CHUNK, x += CHUNK << 2) total += chunkPowers(x, CHUNK, unit, p);
  return total + chunkPowers(x, n, unit, p);
}
