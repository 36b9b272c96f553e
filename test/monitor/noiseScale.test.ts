import { describe, expect, test } from "vitest";
import { GradientNoiseScale } from "../../src/monitor/noiseScale.ts";
import { Random } from "../../src/tensor/random.ts";
import { norm } from "../support/textbook.ts";

/** Uniform on [-a, a], whose variance is a^2 / 3. */
const uniform = (random: Random, a: number) => a * (2 * random.uniform() - 1);

describe("GradientNoiseScale", () => {
  test("finds the noise scale of a problem where it is known", () => {
    // Gradients of samples are G plus noise of variance 1/3 in 50 dimensions; |G|^2 = 50 / 16.
    const dimensions = 50;
    const [truth, variance] = [0.25, 1 / 3];
    const expected = (dimensions * variance) / (dimensions * truth ** 2);
    const [small, parts] = [4, 8];
    const scale = new GradientNoiseScale({ small, big: small * parts, decay: 0.999 });
    const random = new Random(3, "noise");
    for (let step = 0; step < 2000; step++) {
      const batches = Array.from({ length: parts }, () =>
        Array.from({ length: dimensions }, () => {
          let sum = 0;
          for (let i = 0; i < small; i++) sum += truth + uniform(random, 1);
          return sum / small;
        }),
      );
      const whole = batches[0]!.map((_, i) => batches.reduce((sum, batch) => sum + batch[i]!, 0) / parts);
      scale.observe(batches.map(norm), norm(whole));
    }
    // A step's estimates have standard deviations near 0.3 and 1.5; some 1400 of them count.
    expect(Math.abs(scale.gradientSquared / (dimensions * truth ** 2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(scale.noise / (dimensions * variance) - 1)).toBeLessThan(0.02);
    expect(Math.abs(scale.value / expected - 1)).toBeLessThan(0.04);
  });

  test("is exact where norms are what they are on average", () => {
    // E |g_b|^2 = |G|^2 + tr(Sigma) / b with |G|^2 = 9 and tr(Sigma) = 32.
    const scale = new GradientNoiseScale({ small: 2, big: 8, decay: 0.5 });
    for (let i = 0; i < 3; i++) scale.observe([Math.sqrt(9 + 16)], Math.sqrt(9 + 4));
    expect(scale.gradientSquared).toBeCloseTo(9, 12);
    expect(scale.noise).toBeCloseTo(32, 12);
    expect(scale.value).toBeCloseTo(32 / 9, 12);
  });

  test("weights steps by decay, and the mean of squares over micro-batches counts", () => {
    const scale = new GradientNoiseScale({ small: 1, big: 2, decay: 0.75 });
    scale.observe([1, 3], 2); // mean square 5, big 4: |G|^2 = 3, noise = 2
    scale.observe([2], 2); // |G|^2 = 4, noise = 0
    expect(scale.gradientSquared).toBeCloseTo((0.75 * 3 + 4) / 1.75, 12);
    expect(scale.noise).toBeCloseTo((0.75 * 2) / 1.75, 12);
  });

  test("is NaN before there is an estimate, and infinite while noise hides the gradient", () => {
    const scale = new GradientNoiseScale({ small: 1, big: 4 });
    expect([scale.value, scale.noise, scale.gradientSquared]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    scale.observe([10], 1);
    expect(scale.value).toBe(Infinity);
  });

  test("leaves out norms that are not finite", () => {
    const scale = new GradientNoiseScale({ small: 1, big: 4 });
    expect(scale.observe([Number.NaN], 1)).toBe(false);
    expect(scale.observe([1], Infinity)).toBe(false);
    expect(scale.stateDict()).toEqual({ count: 0, gradient: 0, noise: 0 });
    expect(scale.observe([2], 1.5)).toBe(true);
  });

  test("resumes bit for bit", () => {
    const [straight, resumed] = [1, 2].map(() => new GradientNoiseScale({ small: 1, big: 4, decay: 0.9 })) as [
      GradientNoiseScale,
      GradientNoiseScale,
    ];
    straight.observe([1.7], 1.1);
    resumed.loadStateDict(JSON.parse(JSON.stringify(straight.stateDict())));
    for (const scale of [straight, resumed]) scale.observe([1.3], 0.9);
    expect(resumed.value).toBe(straight.value);
    expect(resumed.stateDict()).toEqual(straight.stateDict());
  });

  test("refuses bad input and stays as it was", () => {
    expect(() => new GradientNoiseScale({ small: 4, big: 4 })).toThrow(
      "big: got 4, expected a whole number in [5, inf)",
    );
    expect(() => new GradientNoiseScale({ small: 0, big: 4 })).toThrow("small: got 0");
    expect(() => new GradientNoiseScale({ small: 1, big: 4, decay: 1 })).toThrow("decay: got 1");
    expect(() => new GradientNoiseScale({ small: 1, big: 4, ema: 1 } as never)).toThrow("GradientNoiseScale.ema");
    const scale = new GradientNoiseScale({ small: 1, big: 4 });
    expect(() => scale.observe([], 1)).toThrow("small: got []");
    expect(() => scale.observe(["1"] as never, 1)).toThrow('small[0]: got "1", expected a number');
    expect(() => scale.observe([1], undefined as never)).toThrow("big: got undefined");
    expect(() => scale.loadStateDict({ count: 1, gradient: Number.NaN, noise: 0 })).toThrow("state.gradient: got NaN");
    expect(scale.stateDict().count).toBe(0);
  });
});
