import { describe, expect, test } from "vitest";
import { SGD } from "../../src/optim/sgd.ts";
import { SophiaG } from "../../src/optim/sophiaG.ts";
import { loadAll } from "../support/runtimes.ts";
import { followTextbook, type Textbook, textbookParameters } from "../support/textbook.ts";

const runtimes = await loadAll();
const [lr, beta1, beta2, rho, batchSize, eps, weightDecay] = [0.02, 0.8, 0.9, 0.5, 64, 1e-3, 0.3];
const EVERY = 3;

/** Liu et al. 2024, Algorithm 3, with eps added and the estimate of Algorithm 2 from the gradients of the step. */
function sophia(size: number): Textbook {
  const m = Array(size).fill(0);
  const h = Array(size).fill(0);
  return (p, g, t) => {
    for (let i = 0; i < size; i++) {
      if (t % EVERY === 0) h[i] = beta2 * h[i] + (1 - beta2) * batchSize * g[i]! ** 2;
      m[i] = beta1 * m[i] + (1 - beta1) * g[i]!;
      const ratio = Math.min(Math.abs(m[i]) / (rho * h[i] + eps), 1);
      p[i] = p[i]! - lr * weightDecay * p[i]! - lr * Math.sign(m[i]) * ratio;
    }
  };
}

describe.each(runtimes)("Sophia-G on $backend", (runtime) => {
  test("follows the paper", () => {
    const params = textbookParameters(runtime);
    const optimizer = new SophiaG(params, { lr, betas: [beta1, beta2], rho, batchSize, eps, weightDecay });
    const step = () => {
      if ((optimizer.steps + 1) % EVERY === 0) optimizer.updateHessian();
      optimizer.step();
    };
    followTextbook(params, { step }, sophia);
  });

  test("updateHessian leaves values alone, and everything where a gradient is not finite and it is told to look", () => {
    const params = textbookParameters(runtime);
    const optimizer = new SophiaG(params, { nonFinite: "skip" });
    for (const { grad } of params) grad.fill(2);
    const values = [...params].map(({ data }) => [...data]);
    expect(optimizer.updateHessian()).toBe(true);
    expect([...params].map(({ data }) => [...data])).toEqual(values);
    const { state } = optimizer.stateDict();
    expect(state["s"]!["hessian"]![0]).toBeCloseTo(0.04, 7);
    for (const value of [Number.NaN, 3e19]) {
      params.get("s").grad[0] = value;
      expect(optimizer.updateHessian()).toBe(false);
      expect(optimizer.stateDict().state).toEqual(state);
    }
  });
});

test("an optimizer without an estimate of the Hessian refuses updateHessian", () => {
  const optimizer = new SGD(textbookParameters(runtimes[0]!));
  expect(() => optimizer.updateHessian()).toThrow(
    'updateHessian: got "SGD", expected an optimizer that estimates the Hessian apart from its steps',
  );
});
