import { describe, expect, test } from "vitest";
import { SGD } from "../../src/optim/sgd.ts";
import { SAM } from "../../src/training/sam.ts";
import { loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
/** The gradient of sum_i (i + 1) w_i^4 / 4. */
const slope = (w: number, i: number) => (i + 1) * w ** 3;

describe.each(runtimes)("SAM on $backend", (runtime) => {
  test("follows Algorithm 1 in float64 to float32 rounding", () => {
    const params = runtime.parameters({ a: [2], b: [3] });
    const start = [0.5, -0.25, 1, 0.75, -1];
    params.get("a").data.set(start.slice(0, 2));
    params.get("b").data.set(start.slice(2));
    const sam = new SAM(new SGD(params, { lr: 0.05 }), { rho: 0.2 });
    const takeGradients = () => {
      let i = 0;
      for (const { data, grad } of params)
        data.forEach((w, j) => {
          grad[j] = slope(w, i++);
        });
    };
    const w = [...start];
    for (let t = 0; t < 10; t++) {
      expect(sam.stepWith(takeGradients).applied).toBe(true);
      const g = w.map(slope);
      const norm = Math.hypot(...g);
      const high = w.map((x, i) => x + (0.2 * g[i]!) / norm);
      high.map(slope).forEach((g, i) => {
        w[i]! -= 0.05 * g;
      });
    }
    [...params].flatMap(({ data }) => [...data]).forEach((x, i) => void expect(Math.abs(x - w[i]!)).toBeLessThan(2e-6));
  });

  test("comes back bit for bit, leaves frozen parameters alone, and tells the gradient norm", () => {
    const params = runtime.parameters({ a: [1], b: { shape: [1], frozen: true } });
    for (const { data, grad } of params) {
      data[0] = 0.1;
      grad[0] = 3;
    }
    const sam = new SAM(new SGD(params, { lr: 0 }), { rho: 0.7 });
    expect(sam.ascend()).toBe(3);
    expect([...params].map(({ data }) => data[0])).toEqual([
      Math.fround(Math.fround(0.1) + Math.fround(0.7)),
      Math.fround(0.1),
    ]);
    sam.step();
    expect([...params].map(({ data }) => data[0])).toEqual([Math.fround(0.1), Math.fround(0.1)]);
  });
});

test("calls out of order are refused, and an error in the gradients leads home", () => {
  const params = runtimes[0]!.parameters({ w: [1] });
  params.get("w").grad[0] = 1;
  const sam = new SAM(new SGD(params));
  expect(() => sam.step()).toThrow('step: got "no ascent", expected ascend() before it');
  sam.ascend();
  expect(() => sam.ascend()).toThrow("expected step() before it");
  sam.step();
  const at = params.get("w").data[0];
  let calls = 0;
  expect(() =>
    sam.stepWith(() => {
      if (++calls === 2) throw new Error("mine");
    }),
  ).toThrow("mine");
  expect(params.get("w").data[0]).toBe(at);
  expect(() => new SAM(new SGD(params), { rho: -1 })).toThrow("rho: got -1");
});
