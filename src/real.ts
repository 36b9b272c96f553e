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
      -1.388888888887411e-3, 4.1666666666666602e-2,
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
      -1.6666666666666632e-1,
    ],
  );
  return x + x * z * tail;
}
