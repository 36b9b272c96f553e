import { describe, expect, test } from "vitest";
import { LARS } from "../../src/optim/lars.ts";
import { loadAll } from "../support/runtimes.ts";
import { followTextbook, norm, type Textbook, textbookParameters } from "../support/textbook.ts";

const runtimes = await loadAll();
const [lr, weightDecay, trustCoefficient, eps] = [0.7, 0.3, 0.02, 1e-3];

/** You et al. 2017, Algorithm 1, with eps; nesterov as Sutskever et al. 2013 write it in terms of the point ahead. */
function lars(size: number, momentum: number, nesterov: boolean): Textbook {
  const v = Array(size).fill(0);
  return (p, g) => {
    const local = (trustCoefficient * norm(p)) / (norm(g) + weightDecay * norm(p) + eps);
    for (let i = 0; i < size; i++) {
      const step = lr * local * (g[i]! + weightDecay * p[i]!);
      v[i] = momentum * v[i] + step;
      p[i]! -= nesterov ? momentum * v[i] + step : v[i];
    }
  };
}

describe.each(runtimes)("LARS on $backend", (runtime) => {
  test.each([
    [0, false],
    [0.8, false],
    [0.8, true],
  ])("follows the paper, momentum %f, nesterov %s", (momentum, nesterov) => {
    const params = textbookParameters(runtime);
    const optimizer = new LARS(params, { lr, momentum, weightDecay, trustCoefficient, eps, nesterov });
    followTextbook(params, optimizer, (size) => lars(size, momentum, nesterov));
  });

  test("the local rate is 1 where p or g is 0", () => {
    const params = runtime.parameters({ zero: [5], still: [3] });
    params.get("zero").grad.fill(0.5);
    params.get("still").data.fill(2);
    new LARS(params, { lr: 0.25, weightDecay: 0.5 }).step();
    expect([...params.get("zero").data]).toEqual(Array(5).fill(-0.125));
    expect([...params.get("still").data]).toEqual(Array(3).fill(1.75));
  });
});

test.each([1e-43, 1e-45])("a local rate beyond float32 is its largest number: gradients of %f", (size) => {
  const params = runtimes[0]!.parameters({ w: [3] });
  params.get("w").data.fill(1);
  params.get("w").grad.set([size, 0, -size]);
  new LARS(params, { lr: 100, weightDecay: 0, eps: 0, momentum: 0 }).step();
  const step = 3.4028234663852886e38 * Math.fround(size);
  expect([...params.get("w").data]).toEqual([1 - step, 1, 1 + step].map(Math.fround));
});

test("LARS refuses nesterov without momentum", () => {
  const params = textbookParameters(runtimes[0]!);
  expect(() => new LARS(params, { nesterov: true, momentum: 0 })).toThrow(
    /nesterov: got true, expected momentum above 0/,
  );
});
