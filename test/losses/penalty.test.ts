import { describe, expect, test } from "vitest";
import { l1Penalty, l1Prox, l2Penalty } from "../../src/losses/penalty.ts";
import type { Selection } from "../../src/tensor/parameters.ts";
import { runtimes, type Trial, testGolden } from "../support/losses.ts";

/** The penalty of one parameter, whose gradient goes where the case wants it. */
function penalty({ runtime, inputs, gradients }: Trial, of: (params: Selection) => number): number {
  const w = inputs["w"]!;
  const params = runtime.parameters({ w: w.shape });
  params.get("w").data.set(w.data);
  const value = of(params);
  gradients["w"]!.data.set(params.get("w").grad);
  return value;
}

describe("golden", () => {
  testGolden("penalties", {
    l1_penalty: (trial) => penalty(trial, (params) => l1Penalty(params, trial.config["lambda"] as number)),
    l2_penalty: (trial) => penalty(trial, (params) => l2Penalty(params, trial.config["lambda"] as number)),
    l2_penalty_half: (trial) => penalty(trial, (params) => l2Penalty(params, (trial.config["lambda"] as number) / 2)),
  });
});

describe.each(runtimes)("on $backend", (rt) => {
  test("penalties add to the gradients that are there", () => {
    const params = rt.parameters({ a: [2], b: [1500] });
    params.get("a").data.set([3, -2]);
    params.get("b").data.fill(0.5);
    for (const parameter of params) parameter.grad.fill(10);
    expect(l1Penalty(params, 0.5)).toBe(0.5 * (5 + 750));
    expect([...params.get("a").grad, params.get("b").grad[1499]]).toEqual([10.5, 9.5, 10.5]);
    expect(l2Penalty([params.get("a")], 0.5)).toBe(0.5 * 13);
    expect([...params.get("a").grad, params.get("b").grad[1499]]).toEqual([13.5, 7.5, 10.5]);
  });

  test("the proximal step is the soft threshold, and leaves frozen parameters alone", () => {
    const params = rt.parameters({ w: [8], kept: { shape: [1], frozen: true } });
    params.get("w").data.set([3, -3, 0.5, -0.5, 0.25, 0, Infinity, Number.NaN]);
    params.get("kept").data.set([0.1]);
    l1Prox(params, 0.5);
    expect([...params.get("w").data]).toEqual([2.5, -2.5, 0, 0, 0, 0, Infinity, Number.NaN]);
    expect(params.get("kept").data[0]).toBe(Math.fround(0.1));
  });

  test("proximal gradient descent solves the lasso where it is separable, zeros included", () => {
    // min (w - b)^2 / 2 + lambda |w| has w = soft threshold of b.
    const params = rt.parameters({ w: [3] });
    const b = [2, -0.3, -1];
    const { data } = params.get("w");
    for (let step = 0; step < 200; step++) {
      data.forEach((w, i) => {
        data[i] = w - 0.25 * (w - b[i]!);
      });
      l1Prox(params, 0.25 * 0.5);
    }
    expect([...data]).toEqual([1.5, 0, -0.5].map((w) => expect.closeTo(w, 5)));
    expect(data[1]).toBe(0);
  });
});

test("bad arguments are named", () => {
  const [rt] = runtimes as [(typeof runtimes)[0]];
  const params = rt.parameters({ w: [1] });
  expect(() => l1Penalty(params, -1)).toThrow("lambda: got -1");
  expect(() => l2Penalty(params, Number.NaN)).toThrow("lambda: got NaN");
  expect(() => l1Prox(params, -1)).toThrow("threshold: got -1");
  expect(() => l1Prox({} as never, 1)).toThrow("params: got an object of Object");
});
