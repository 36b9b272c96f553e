/**
 * Float64 functions whose bits are the same in every engine. `Math.pow`, `Math.cos` and `Math.exp` are not: engines
 * differ in their last bits. These use only + - * /, which are correctly rounded everywhere.
 */

/** The largest float32. */
export const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/** The nearest to x that is not beyond float32: for factors of data, as infinity times 0 is NaN. */
export function saturated(x: number): number {
  return Math.max(-LARGEST_FLOAT32, Math.min(x, LARGEST_FLOAT32));
}

/** Horner's rule, coefficients from the highest power down. */
function polynomial(z: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * z + coefficient;
  return sum;
}

/** x^n for a whole n >= 0, by repeated squaring. */
export function powi(x: number, n: number): number {
  let result = 1;
  for (let base = x, rest = n; rest > 0; rest = Math.floor(rest / 2), base *= base) {
    if (rest % 2 === 1) result *= base;
  }
  return result;
}

/** 2^n for a whole n. */
function pow2(n: number): number {
  return n < 0 ? powi(0.5, -n) : powi(2, n);
}

/** ln 2 in two parts: the product of the first with a whole number below 2^20 is exact. */
const LN2 = [0.6931471803691238, 1.9082149292705877e-10] as const;

const EXP = [
  4.1381367970572385e-8, -1.6533902205465252e-6, 6.613756321437934e-5, -2.7777777777015593e-3, 1.6666666666666602e-1,
];

/** e^x within 1 ulp, subnormal results included. Reduction and polynomial: fdlibm's e_exp.c. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 710) return Infinity;
  if (x < -746) return 0;
  const n = Math.round(x * Math.LOG2E);
  const high = x - n * LN2[0];
  const low = n * LN2[1];
  const r = high - low;
  const z = r * r;
  const tail = polynomial(z, EXP);
  const c = r - z * tail;
  const y = 1 - (low - (r * c) / (2 - c) - high);
  // 2^n in two factors, so that overflow and subnormals come from one final rounding.
  const half = Math.floor(n / 2);
  return y * pow2(half) * pow2(n - half);
}

const LOG = [
  0.14798198605116586, 0.15313837699209373, 0.1818357216161805, 0.22222198432149784, 0.2857142874366239,
  0.3999999999940942, 0.6666666666666735,
];

/** Natural logarithm within 1 ulp; log 0 = -infinity, NaN below 0. Reduction and polynomial: fdlibm's e_log.c. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return x;
  let n = 0;
  let fraction = x;
  for (; fraction >= Math.SQRT2; n++) fraction /= 2;
  for (; fraction < Math.SQRT1_2; n--) fraction *= 2;
  const f = fraction - 1;
  const s = f / (2 + f);
  const z = s * s;
  const tail = polynomial(z, LOG);
  const half = 0.5 * f * f;
  return n * LN2[0] - (half - (s * (half + z * tail) + n * LN2[1]) - f);
}

/** log(1 + x), within 3 ulp however small x is. */
export function log1p(x: number): number {
  const sum = 1 + x;
  // What 1 + x lost of x, log gets back as a factor (W. Kahan).
  return sum === 1 ? x : log(sum) * (x / (sum - 1));
}

/** x^y for x >= 0: by repeated squaring where y is whole, otherwise within 2 + 3 |y ln x| ulp. */
export function pow(x: number, y: number): number {
  if (Number.isInteger(y)) return y < 0 ? 1 / powi(x, -y) : powi(x, y);
  return exp(y * log(x));
}

/** cos(pi x) for x in [0, 1], within 2 ulp. Polynomials: fdlibm's k_cos.c and k_sin.c. */
export function cosPi(x: number): number {
  if (x > 0.5) return -cosPi(1 - x);
  if (x > 0.25) return sinSmall(Math.PI * (0.5 - x));
  return cosSmall(Math.PI * x);
}

const COS = [
  -1.1359647557788195e-11, 2.087572321298175e-9, -2.7557314351390663e-7, 2.480158728947673e-5, -1.388888888887411e-3,
  4.1666666666666602e-2,
];

function cosSmall(x: number): number {
  const z = x * x;
  const tail = polynomial(z, COS);
  return 1 - (0.5 * z - z * z * tail);
}

const SIN = [
  1.58969099521155e-10, -2.5050760253406863e-8, 2.7557313707070068e-6, -1.984126982985795e-4, 8.33333333332249e-3,
  -1.6666666666666632e-1,
];

function sinSmall(x: number): number {
  const z = x * x;
  const tail = polynomial(z, SIN);
  return x + x * z * tail;
}

/**
 * The probability that a standard normal variable exceeds x, within 2^-52 for x up to 2 and within (8 + x^2) 2^-53 of
 * itself beyond: by the series of the distribution function around 0, and by Laplace's continued fraction.
 */
export function normalTail(x: number): number {
  if (x < 0) return 1 - normalTail(-x);
  const density = exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x > 2) {
    let fraction = x;
    for (let k = 100; k > 0; k--) fraction = x + k / fraction;
    return density / fraction;
  }
  let term = x;
  let sum = x;
  for (let k = 3; term > 2 ** -60; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 - density * sum;
}
