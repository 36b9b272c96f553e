import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AGD, agdInit } from "../../src/optim/agd.ts";
import { expectFaithful, goldenCases, type OptimizerCase } from "../support/golden.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";
import { camelCase, followTrajectory, parametersOf } from "../support/trajectory.ts";

interface AgdCase extends OptimizerCase {
  readonly eta: readonly number[];
}

const runtimes = await loadAll();
const [rt] = runtimes;

describe.each(runtimes)("AGD on $backend", (runtime) => {
  test.each(goldenCases<AgdCase>("optim/agd"))("follows the authors' code: $name", (golden) => {
    const params = parametersOf(runtime, golden);
    const optimizer = new AGD(params, camelCase(golden.config));
    followTrajectory(golden, params, optimizer, expectFaithful, (step) => {
      const expected = golden.eta[step - 1]!;
      expect(Math.abs(optimizer.groups[0]!.eta - expected)).toBeLessThanOrEqual(1e-12 * expected);
    });
  });

  test.each([1, 2])("a factor of the gradient beyond float32 is its largest number: %d positions", (extent) => {
    const params = runtime.parameters({ large: [9, 1], small: [1, 2, extent, 1] });
    params.get("large").grad.fill(1e6);
    const slope = 1.2e-38;
    params.get("small").grad[0] = slope;
    new AGD(params, { gain: 100 }).step();
    const step = Math.fround(3.4028234663852886e38 * Math.fround(slope));
    expect([...params.get("small").data]).toEqual([-step, ...Array(2 * extent - 1).fill(0)]);
  });
});

test("refuses what is neither matrix nor convolution, unless it is frozen", () => {
  const params = rt!.parameters({ w: [3, 2], b: [3] });
  expect(() => new AGD(params)).toThrow("b: got [3], expected a matrix [out, in] or a convolution");
  expect(() => agdInit(params, { seed: 1 })).toThrow("b: got [3], expected a matrix");
  params.get("b").frozen = true;
  const optimizer = new AGD(params);
  params.get("w").grad.fill(1);
  optimizer.step();
  expect(optimizer.groups[0]).toMatchObject({ depth: 1 });
  params.get("b").frozen = false;
  const before = params.get("w").data.slice();
  expect(() => optimizer.step()).toThrow("b: got [3]");
  expect(params.get("w").data).toEqual(before);
});

test("layers are counted over all groups, each with a gain of its own", () => {
  const [together, apart] = [0, 1].map(() => rt!.parameters({ w: [3, 2], u: [2, 3] }));
  for (const params of [together!, apart!]) {
    params.get("w").grad.fill(1);
    params.get("u").grad.fill(2);
  }
  const whole = new AGD(together!);
  const halves = new AGD([{ params: [apart!.get("w")] }, { params: [apart!.get("u")], gain: 0.5 }]);
  whole.step();
  halves.step();
  expect(halves.groups[1]!.eta).toBe(whole.groups[0]!.eta);
  expect(apart!.get("w").data).toEqual(together!.get("w").data);
  expect([...apart!.get("u").data]).toEqual([...together!.get("u").data].map((x) => x / 2));
});

interface InitRule {
  readonly shape: readonly [number, number, number?, number?];
  readonly singular_value_each: number;
}

describe("agdInit", () => {
  const file = new URL("../golden/optim/agd.json", import.meta.url);
  const { init_rule: rules } = JSON.parse(readFileSync(file, "utf8")) as { init_rule: readonly InitRule[] };

  test.each(rules)("gives every matrix of $shape the singular value $singular_value_each", (rule) => {
    const [out, width, height = 1, breadth = 1] = rule.shape;
    const positions = height * breadth;
    const params = rt!.parameters({ w: rule.shape as readonly number[] });
    agdInit(params, { seed: 7 });
    const { data } = params.get("w");
    for (let position = 0; position < positions; position++) {
      const w = (i: number, j: number) => data[(i * width + j) * positions + position]!;
      // The smaller of W W^T and W^T W is the identity times the square.
      const [count, length] = [Math.min(out, width), Math.max(out, width)];
      const entry = (vector: number, i: number) => (out < width ? w(vector, i) : w(i, vector));
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) {
          let product = 0;
          for (let i = 0; i < length; i++) product += entry(a, i) * entry(b, i);
          const expected = a === b ? rule.singular_value_each ** 2 : 0;
          expect(Math.abs(product - expected)).toBeLessThanOrEqual(4 * 2 ** -24 * rule.singular_value_each ** 2);
        }
      }
    }
  });

  test("gives the same bits on every backend, others for another seed or name, and leaves frozen parameters alone", () => {
    const drawn = runtimes.map((runtime) => {
      const params = runtime.parameters({ a: [4, 6], b: [4, 6], k: [3, 2, 2, 2], c: { shape: [5], frozen: true } });
      agdInit(params, { seed: 3 });
      return [...params].map(({ data }) => [...bitsOf(data)]);
    });
    expect(drawn[1]).toEqual(drawn[0]);
    expect(drawn[2]).toEqual(drawn[0]);
    expect(drawn[0]![0]).not.toEqual(drawn[0]![1]);
    expect(drawn[0]![3]).toEqual([0, 0, 0, 0, 0]);
    const other = rt!.parameters({ a: [4, 6] });
    agdInit(other, { seed: 4 });
    expect([...bitsOf(other.get("a").data)]).not.toEqual(drawn[0]![0]);
  });
});
