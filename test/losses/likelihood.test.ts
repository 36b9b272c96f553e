import { describe, expect, test } from "vitest";
import { gaussianNll, laplaceNll } from "../../src/losses/likelihood.ts";
import { normal, uniform } from "../../src/tensor/random.ts";
import { runtimes } from "../support/losses.ts";

const N = 200;

/** Loss and derivatives in float64, as the definitions have them. */
const truths = {
  gaussian: (x: number, t: number, v: number) => [
    0.5 * (Math.log(v) + (x - t) ** 2 / v),
    (x - t) / v,
    0.5 * (1 / v - (x - t) ** 2 / v ** 2),
  ],
  laplace: (x: number, t: number, b: number) => [
    Math.log(b) + Math.abs(x - t) / b,
    Math.sign(x - t) / b,
    1 / b - Math.abs(x - t) / b ** 2,
  ],
};

const kinds = {
  gaussian: { call: gaussianNll, second: "gradientVariance", constant: 0.5 * Math.log(2 * Math.PI) },
  laplace: { call: laplaceNll, second: "gradientScale", constant: Math.log(2) },
} as const;

describe.each(runtimes)("on $backend", (rt) => {
  describe.each(["gaussian", "laplace"] as const)("%s", (kind) => {
    const { call, second, constant } = kinds[kind];
    const [x, t, spread] = [rt.tensor([N]), rt.tensor([N]), rt.tensor([N])];
    normal(x, { seed: 1, name: "x" });
    normal(t, { seed: 1, name: "t" });
    uniform(spread, { seed: 1, name: "spread", low: 0.01, high: 3 });
    const [losses, gradient, other] = [rt.tensor([N]), rt.tensor([N]), rt.tensor([N])];

    test("agrees with float64, element by element", () => {
      call(x, t, spread, { losses, gradient, [second]: other, reduction: "sum" });
      for (let i = 0; i < N; i++) {
        const [loss, slope, slope2] = truths[kind](x.data[i]!, t.data[i]!, spread.data[i]!) as [number, number, number];
        const s = spread.data[i]!;
        const r = Math.abs(x.data[i]! - t.data[i]!) / s;
        const terms = kind === "gaussian" ? r * r * s : r;
        // A few roundings of the largest term of each.
        expect(Math.abs(losses.data[i]! - loss)).toBeLessThan(2 ** -22 * (Math.abs(Math.log(s)) + terms));
        expect(Math.abs(gradient.data[i]! - slope)).toBeLessThan(2 ** -22 * Math.abs(slope));
        expect(Math.abs(other.data[i]! - slope2)).toBeLessThan((2 ** -22 * (1 + terms)) / s);
      }
    });

    test("full adds the constant of the density", () => {
      const mean = call(x, t, spread);
      expect(call(x, t, spread, { full: true }) - mean).toBeCloseTo(constant, 6);
    });

    test("what is below eps counts as eps, its gradient too; NaN is handed on", () => {
      const [zero, ones] = [rt.tensor([3], { values: [0, -1, Number.NaN] }), rt.tensor([3], { values: [1, 1, 1] })];
      const [each, slopes] = [rt.tensor([3]), rt.tensor([3])];
      call(ones, rt.tensor([3]), zero, { eps: 0.25, losses: each, [second]: slopes, reduction: "sum" });
      const [loss, , slope] = truths[kind](1, 0, 0.25) as [number, number, number];
      for (const i of [0, 1]) {
        expect(each.data[i]).toBeCloseTo(loss, 6);
        expect(slopes.data[i]).toBeCloseTo(slope, 6);
      }
      expect([each.data[2], slopes.data[2]]).toEqual([Number.NaN, Number.NaN]);
    });

    test("bad arguments are named", () => {
      expect(() => call(x, t, rt.tensor([3]))).toThrow(kind === "gaussian" ? "variance: got [3]" : "scale: got [3]");
      expect(() => call(x, t, spread, { eps: 0 })).toThrow("eps: got 0, expected a number in (0, inf)");
      expect(() => call(x, t, spread, { full: 1 as unknown as boolean })).toThrow("full: got 1");
    });
  });
});
