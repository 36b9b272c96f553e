/**
 * Float64 functions whose bits are the same in every engine. `Math.pow`, `Math.cos` and `Math.exp` are not: engines
 * differ in their last bits. These use only + - * /, which are correctly rounded everywhere.
 */

/** x^n for a whole n >= 0, by repeated squaring. */
export function powi(x: number, n: number): number {
  let result = 1;
  for (let base = x, rest = n; rest > 0; rest = Math.floor(rest / 2), base *= base) {
    if (rest % 2 === 1) result *= base;
  }
  return result;
}

const word = new Float64Array(1);
const halves = new Uint32Array(word.buffer);
/** The half with the exponent: little-endian, like linear memory. */
const HIGH = 1;

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** Natural logarithm within 1 ulp. Reduction and polynomial: fdlibm's e_log.c. */
export function log(x: number): number {
  if (!(x > 0) || x === Infinity) return x === 0 ? -Infinity : x > 0 ? x : Number.NaN;
  if (x < 2.2250738585072014e-308) return log(x * 18014398509481984) - 54 * Math.LN2;
  // x = f 2^k with f in [sqrt(1/2), sqrt 2)
  word[0] = x;
  let k = (halves[HIGH]! >>> 20) - 1023;
  halves[HIGH] = (halves[HIGH]! & 0xfffff) | 0x3ff00000;
  let f = word[0];
  if (f >= Math.SQRT2) {
    f /= 2;
    k++;
  }
  f -= 1;
  const s = f / (2 + f);
  const z = s * s;
  const tail =
    z *
    polynomial(
      z,
      [
        0.14798198605116586, 0.15313837699209373, 0.1818357216161805, 0.22222198432149784, 0.2857142874366239,
        0.3999999999940942, 0.6666666666666735,
      ],
    );
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + tail) + k * LN2_LOW) - f);
}

/** log(1 + x), within 3 ulp however small x is. */
export function log1p(x: number): number {
  const sum = 1 + x;
  // What 1 + x lost of x, log gets back as a factor (W. Kahan).
  return sum === 1 ? x : log(sum) * (x / (sum - 1));
}

/** e^x within 1 ulp; 0 and infinity where it leaves the range of float64. Reduction and polynomial: fdlibm's e_exp.c. */
export function exp(x: number): number {
  if (Number.isNaN(x) || x > 709.782712893384) return x + Infinity;
  if (x < -745.1332191019412) return 0;
  const k = Math.round(x / Math.LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const z = r * r;
  const c =
    r -
    z *
      polynomial(
        z,
        [
          4.1381367970572385e-8, -1.6533902205465252e-6, 6.613756321437934e-5, -0.0027777777777015593,
          0.16666666666666602,
        ],
      );
  // 2^k in two factors, so that subnormal results come from one final rounding.
  const half = Math.trunc(k / 2);
  return (1 - (low - (r * c) / (2 - c) - high)) * pow2(half) * pow2(k - half);
}

/** 2^k for a whole k in [-1022, 1023]. */
function pow2(k: number): number {
  word[0] = 0;
  halves[HIGH] = (k + 1023) << 20;
  return word[0];
}

/** x^y for x >= 0: by repeated squaring where y is whole, otherwise within |y log x| + 2 ulp. */
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

/** Horner's rule, coefficients from the highest power down. */
function polynomial(z: number, coefficients: readonly number[]): number {
  return coefficients.reduce((sum, coefficient) => sum * z + coefficient, 0);
}

function cosSmall(x: number): number {
  const z = x * x;
  const tail = polynomial(
    z,
    [
      -1.1359647557788195e-11, 2.087572321298175e-9, -2.7557314351390663e-7, 2.480158728947673e-5,
      -1.388888888887411e-3, 0.0416666666666666,
    ],
  );
  return 1 - (0.5 * z - z * z * tail);
}

function sinSmall(x: number): number {
  const z = x * x;
  const tail = polynomial(
    z,
    [
      1.58969099521155e-10, -2.5050760253406863e-8, 2.7557313707070068e-6, -1.984126982985795e-4, 8.33333333332249e-3,
      -0.16666666666666632,
    ],
  );
  return x + x * z * tail;
}
