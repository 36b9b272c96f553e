import { describe, expect, test } from "vitest";
import { cosPi, exp, log, log1p, pow, powi } from "../../src/core/real.ts";

describe("float64 functions that are the same everywhere", () => {
  test("cosPi is within 2 ulp of 1 of cos(pi x) on [0, 1]", () => {
    for (let i = 0; i <= 10_000; i++) {
      const x = i / 10_000;
      expect(Math.abs(cosPi(x) - Math.cos(Math.PI * x))).toBeLessThanOrEqual(2 * 2 ** -52);
    }
    expect([cosPi(0), cosPi(0.5), cosPi(1)]).toEqual([1, 0, -1]);
  });

  test("powi is exact where the power is, and within 1e-12 for a million steps", () => {
    expect([powi(2, 10), powi(0.5, 3), powi(7, 0), powi(0, 0), powi(1.5, 2)]).toEqual([1024, 0.125, 1, 1, 2.25]);
    for (const n of [1, 10, 999, 100_000, 1_000_000]) expect(powi(0.999999, n) / 0.999999 ** n).toBeCloseTo(1, 10);
  });

  /** Numbers of every size, spread evenly over the exponents. */
  const magnitudes = Array.from(
    { length: 20_000 },
    (_, i) => 2 ** ((i - 10_000) / 10) * (1 + ((i * 7919) % 1000) / 1000),
  );
  const ulp = (x: number) => 2 ** Math.max(Math.floor(Math.log2(Math.abs(x))) - 52, -1074);

  test("log is within 2 ulp of the engine's over all of float64, log1p within 4", () => {
    for (const x of [...magnitudes, 5e-324, 1e-310, Number.MAX_VALUE, 0.9999999, 1.0000001]) {
      expect(Math.abs(log(x) - Math.log(x)), `log ${x}`).toBeLessThanOrEqual(2 * ulp(Math.log(x)));
      expect(Math.abs(log1p(x) - Math.log1p(x)), `log1p ${x}`).toBeLessThanOrEqual(4 * ulp(Math.log1p(x)));
    }
    expect([log(1), log(0), log(Infinity), log(-1), log(Number.NaN), log1p(0), log1p(1e-300)]).toEqual([
      0,
      -Infinity,
      Infinity,
      Number.NaN,
      Number.NaN,
      0,
      1e-300,
    ]);
  });

  test("exp is within 2 ulp of the engine's, subnormal results included", () => {
    const off: number[] = [];
    for (let i = -75_000; i <= 70_900; i++) {
      const x = i / 100;
      if (!(Math.abs(exp(x) - Math.exp(x)) <= 2 * ulp(Math.exp(x)))) off.push(x);
    }
    expect(off).toEqual([]);
    expect([exp(0), exp(-746), exp(710), exp(Infinity), exp(-Infinity), exp(Number.NaN)]).toEqual([
      1,
      0,
      Infinity,
      Infinity,
      0,
      Number.NaN,
    ]);
  });

  test("pow is exact where it can be, and within 1e-15 of |y log x| + 2 elsewhere", () => {
    expect([pow(3, 4), pow(2, -2), pow(0, 0), pow(0, 0.5), pow(0, -0.5), pow(1, 0.3)]).toEqual([
      81,
      0.25,
      1,
      0,
      Infinity,
      1,
    ]);
    for (const y of [-0.8, 0.5, 1.7, -2.5]) {
      for (let x = 1; x < 1e7; x *= 1.01) {
        const bound = 1e-15 * (Math.abs(y * Math.log(x)) + 2);
        expect(Math.abs(pow(x, y) / x ** y - 1), `${x}^${y}`).toBeLessThanOrEqual(bound);
      }
    }
  });
});
