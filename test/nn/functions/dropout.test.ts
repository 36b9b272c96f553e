import { expect, test } from "vitest";
import { dropout, dropoutBackward } from "../../../src/nn/functions/dropout.ts";
import { drawn, expectSame } from "../../support/differences.ts";
import { loadAll } from "../../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];
const N = 10_000;
const options = { p: 0.3, seed: 5, name: "block.drop", step: 2 };

function masked(given: object = {}, runtime = rt): Float32Array {
  const [x, y] = [runtime.tensor([N]), runtime.tensor([N])];
  x.data.fill(1);
  dropout(x, y, { ...options, ...given });
  return y.data.slice();
}

test("keeps a share 1 - p, to five deviations, scaled so that the mean stays", () => {
  const values = masked();
  const kept = values.filter((v) => v !== 0);
  expect(Math.abs(kept.length - 0.7 * N)).toBeLessThan(5 * Math.sqrt(N * 0.3 * 0.7));
  expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.7)]));
});

test("neighbours are dropped independently, to five deviations", () => {
  const values = masked();
  const pairs = values.filter((v, i) => i > 0 && v === 0 && values[i - 1] === 0).length;
  expect(Math.abs(pairs - 0.09 * N)).toBeLessThan(5 * Math.sqrt(N * 0.09));
});

test("the backward pass has the same mask, whatever it is applied to", () => {
  const mask = masked();
  const dy = drawn(rt, [N], "dy");
  const expected = dy.data.map((g, i) => g * mask[i]!);
  dropoutBackward(dy, dy, options);
  expectSame(dy.data, expected);
});

test("the mask depends on seed, name and step, not on the backend or on what was drawn before", () => {
  const mask = masked();
  for (const other of [{ seed: 6 }, { name: "block.drop2" }, { step: 3 }]) {
    const differing = masked(other).filter((v, i) => v !== mask[i]).length;
    expect(Math.abs(differing - 2 * 0.21 * N), JSON.stringify(other)).toBeLessThan(5 * Math.sqrt(N * 0.42 * 0.58));
  }
  for (const runtime of runtimes) expectSame(masked({}, runtime), mask, runtime.backend);
});

test("p = 0 leaves everything, and NaN stays NaN where it is dropped", () => {
  expect(masked({ p: 0 }).every((v) => v === 1)).toBe(true);
  const x = rt.tensor([100]);
  x.data.fill(Number.NaN);
  dropout(x, x, options);
  expect(x.data.every(Number.isNaN)).toBe(true);
});

test("bad arguments are named", () => {
  expect(() => masked({ p: 1 })).toThrow("p: got 1, expected a number in [0, 1)");
  expect(() => masked({ step: -1 })).toThrow("step: got -1");
  expect(() => masked({ rate: 0.5 })).toThrow("dropout.rate");
  expect(() => dropout(rt.tensor([3]), rt.tensor([4]), options)).toThrow("x: got [3]");
});
