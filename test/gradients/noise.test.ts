import { describe, expect, test } from "vitest";
import { addGradientNoise } from "../../src/gradients/noise.ts";
import { normal } from "../../src/tensor/random.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];

/** Noise alone: gradients start at 0. */
function noise(options: Parameters<typeof addGradientNoise>[1], size = 40_000, runtime = rt): Float32Array {
  const params = runtime.parameters({ w: [size] });
  addGradientNoise(params, options);
  const drawn = params.get("w").grad.slice();
  params.dispose();
  return drawn;
}

const N = 40_000;
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

describe("the noise", () => {
  test.each([
    { step: 0, eta: 0.01, gamma: 0.55 },
    { step: 0, eta: 1, gamma: 0.55 },
    { step: 99, eta: 0.3, gamma: 0.55 },
    { step: 99, eta: 0.3, gamma: 2 },
    { step: 5, eta: 0.3, gamma: 0 },
  ])("has mean 0 and variance eta / (1 + t)^gamma within 4 deviations of their estimates, %j", (options) => {
    const drawn = noise({ seed: 1, ...options });
    const variance = options.eta / (1 + options.step) ** options.gamma;
    expect(Math.abs(mean(drawn))).toBeLessThan(4 * Math.sqrt(variance / N));
    const square = mean(drawn.map((x) => x * x));
    expect(Math.abs(square / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / N));
  });

  test("is what normal draws by that name, added with one rounding, whatever the size of the pieces", () => {
    const params = rt.parameters({ w: [10_000] });
    params.get("w").grad.fill(0.25);
    addGradientNoise(params, { seed: 7, step: 3, eta: 1, gamma: 0 });
    const tensor = rt.tensor([10_000]);
    normal(tensor, { seed: 7, name: "gradient noise 3 w", deviation: 1 });
    expect(bitsOf(params.get("w").grad)).toEqual(bitsOf(tensor.data.map((x) => Math.fround(x + 0.25))));
  });

  test("differs between seeds, steps and names; has the defaults of the paper; is the same on every backend", () => {
    const base = noise({ seed: 1, step: 4 }, 100);
    expect(noise({ seed: 1, step: 4, eta: 0.01, gamma: 0.55 }, 100)).toEqual(base);
    expect(noise({ seed: 2, step: 4 }, 100)).not.toEqual(base);
    expect(noise({ seed: 1, step: 5 }, 100)).not.toEqual(base);
    for (const runtime of runtimes) expect(bitsOf(noise({ seed: 1, step: 4 }, 100, runtime))).toEqual(bitsOf(base));
    const params = rt.parameters({ w: [100], v: [100] });
    addGradientNoise(params, { seed: 1, step: 4 });
    expect(params.get("w").grad).toEqual(base);
    expect(params.get("v").grad).not.toEqual(base);
  });
});

test("frozen parameters are left alone", () => {
  const params = rt.parameters({ w: { shape: [10], frozen: true } });
  addGradientNoise(params, { seed: 1, step: 0 });
  expect(params.get("w").grad.every((x) => x === 0)).toBe(true);
});

test("arguments are checked before anything is drawn", () => {
  const params = rt.parameters({ w: [10] });
  const bad = (options: object) => () => addGradientNoise(params, { seed: 1, step: 0, ...options });
  expect(bad({ seed: -1 })).toThrow("seed: got -1");
  expect(bad({ step: 0.5 })).toThrow("step: got 0.5, expected a whole number in [0, inf)");
  expect(bad({ eta: -1 })).toThrow("eta: got -1");
  expect(bad({ gamma: Number.NaN })).toThrow("gamma: got NaN");
  expect(bad({ sigma: 1 })).toThrow("addGradientNoise.sigma");
  expect(params.get("w").grad.every((x) => x === 0)).toBe(true);
});
