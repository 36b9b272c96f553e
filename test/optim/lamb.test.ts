import { describe, expect, test } from "vitest";
import { LAMB } from "../../src/optim/lamb.ts";
import { loadAll } from "../support/runtimes.ts";
import { followTextbook, norm, type Textbook, textbookParameters } from "../support/textbook.ts";

const [lr, beta1, beta2, eps, weightDecay] = [0.02, 0.8, 0.95, 1e-3, 0.3];

/** You et al. 2020, Algorithm 2. */
function lamb(size: number, trustClip: boolean, biasCorrection: boolean): Textbook {
  const m = Array(size).fill(0);
  const v = Array(size).fill(0);
  return (p, g, t) => {
    const [c1, c2] = biasCorrection ? [1 - beta1 ** t, 1 - beta2 ** t] : [1, 1];
    const u = p.map((value, i) => {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i]!;
      v[i] = beta2 * v[i] + (1 - beta2) * g[i]! ** 2;
      return m[i] / c1 / (Math.sqrt(v[i] / c2) + eps) + weightDecay * value;
    });
    const trust = norm(p) / norm(u);
    const rate = lr * (trustClip ? Math.min(trust, 1) : trust);
    for (let i = 0; i < size; i++) p[i]! -= rate * u[i]!;
  };
}

describe.each(await loadAll())("LAMB on $backend", (runtime) => {
  test.each([
    [false, true],
    [true, true],
    [false, false],
  ])("follows the paper, trustClip %s, biasCorrection %s", (trustClip, biasCorrection) => {
    const params = textbookParameters(runtime);
    // One parameter whose trust ratio is above 1.
    for (let i = 0; i < 13; i++) params.get("b").data[i]! *= 20;
    const options = { lr, betas: [beta1, beta2], eps, weightDecay, trustClip, biasCorrection } as const;
    followTextbook(params, new LAMB(params, options), (size) => lamb(size, trustClip, biasCorrection));
  });

  test("the trust ratio is 1 where p or the update is 0", () => {
    const params = runtime.parameters({ zero: [5], still: [3] });
    params.get("zero").grad.fill(0.5);
    params.get("still").data.fill(2);
    new LAMB(params, { lr: 0.25, weightDecay: 0 }).step();
    for (const value of params.get("zero").data) expect(value).toBeCloseTo(-0.25, 5);
    expect([...params.get("still").data]).toEqual([2, 2, 2]);
  });

  test("a trust ratio beyond float32 is its largest number", () => {
    const params = runtime.parameters({ w: [3] });
    params.get("w").data.fill(1);
    params.get("w").grad.set([1e-41, 0, -1e-41]);
    new LAMB(params, { lr: 1, weightDecay: 0, eps: 1000, biasCorrection: false, betas: [0, 0.9] }).step();
    // u is 7 of the smallest subnormal numbers.
    const step = 7 * 2 ** -149 * 3.4028234663852886e38;
    expect([...params.get("w").data]).toEqual([1 - step, 1, 1 + step].map(Math.fround));
  });
});
