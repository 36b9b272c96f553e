import { describe, expect, test } from "vitest";
import { findNonFinite, type StateOwner } from "../../src/gradients/nonFinite.ts";
import * as optim from "../../src/optim/index.ts";
import { Adafactor, AdamW, Lion, ProdigyGD, Rprop, Signum, SophiaG } from "../../src/optim/index.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import { loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();

type Rule = new (params: Parameters) => StateOwner & { readonly steps: number; step(): unknown };

describe.each(runtimes)("findNonFinite on $backend", (runtime) => {
  test("names the first element, at any place", () => {
    const params = runtime.parameters({ first: [5], "fc.weight": [4, 3, 9], last: [2] });
    const { grad, size } = params.get("fc.weight");
    expect(findNonFinite(params)).toBeUndefined();
    params.get("last").grad[0] = Number.NaN;
    for (let i = size - 1; i >= 0; i--) {
      // Later ones are there as well.
      grad[i] = [Number.NaN, Infinity, -Infinity][i % 3]!;
      const index = [Math.floor(i / 27), Math.floor(i / 9) % 3, i % 9];
      const text = `fc.weight[${index[0]}, ${index[1]}, ${index[2]}] = ${grad[i]}`;
      expect(findNonFinite(params)).toEqual({ name: "fc.weight", index, value: grad[i], text });
    }
    params.get("first").grad[4] = -Infinity;
    expect(findNonFinite(params)?.text).toBe("first[4] = -Infinity");
  });

  test("takes the largest finite numbers for what they are", () => {
    const params = runtime.parameters({ w: [9] });
    params.get("w").grad.fill(3.4028234663852886e38);
    expect(findNonFinite(params)).toBeUndefined();
  });
});

test("looks at values where it is told to, frozen or not, and not at gradients of frozen parameters", () => {
  const params = runtimes[0]!.parameters({ w: [3], b: { shape: [2, 2], frozen: true } });
  params.get("b").grad[0] = Number.NaN;
  expect(findNonFinite(params)).toBeUndefined();
  params.get("b").data[3] = Infinity;
  expect(findNonFinite(params, { of: "value" })?.text).toBe("b[1, 1] = Infinity");
});

describe.each(runtimes)("in the state of an optimizer on $backend", (runtime) => {
  test("the slot is named, at any place of any parameter", () => {
    const params = runtime.parameters({ w: [2, 3], b: [2] });
    const optimizer = new AdamW([{ params: [params.get("b")] }, { params: [params.get("w")] }]);
    params.get("w").grad.fill(1);
    optimizer.step();
    expect(findNonFinite(optimizer, { of: "state" })).toBeUndefined();
    params.get("w").grad[4] = Number.NaN;
    optimizer.step();
    const found = { name: "w", slot: "exp_avg", index: [1, 1], value: Number.NaN };
    expect(findNonFinite(optimizer, { of: "state" })).toEqual({ ...found, text: "exp_avg of w[1, 1] = NaN" });
    params.get("b").grad[1] = -Infinity;
    optimizer.step();
    expect(findNonFinite(optimizer, { of: "state" })?.text).toBe("exp_avg of b[1] = -Infinity");
  });

  test("a slot of another size has one index", () => {
    const params = runtime.parameters({ w: [2, 3] });
    const optimizer = new Adafactor(params);
    params.get("w").grad.set([1, 1, 1, 1, Number.NaN, 1]);
    optimizer.step();
    expect(findNonFinite(optimizer, { of: "state" })?.text).toBe("exp_avg_sq_row of w[1] = NaN");
  });

  test("the numbers of groups are looked at", () => {
    const params = runtime.parameters({ w: [2] });
    const optimizer = new ProdigyGD(params);
    params.get("w").grad[0] = Number.NaN;
    optimizer.step();
    const found = findNonFinite(optimizer, { of: "state" });
    expect(found).toMatchObject({ name: "groups[0]", index: [], value: Number.NaN });
    expect(found?.text).toBe(`${found?.slot} of groups[0] = NaN`);
  });
});

describe("what docs/guides/numerics.md says of a gradient that is not finite", () => {
  /** 50 steps with gradients of 1, but for a bad one at one place of the fourth, and a step against them. */
  function train(Rule: Rule, bad: number) {
    const params = runtimes[0]!.parameters({ w: [2, 3] });
    const { grad, data } = params.get("w");
    data.fill(1);
    const optimizer = new Rule(params);
    const step = (gradient: number) => {
      grad.fill(gradient);
      if (optimizer.steps === 3) grad[4] = bad;
      optimizer.step();
      return data[4]!;
    };
    const values = Array.from({ length: 50 }, () => step(1));
    const change = step(-1) - values.at(-1)!;
    return {
      values,
      change,
      finite: data.every(Number.isFinite),
      state: findNonFinite(optimizer, { of: "state" })?.text,
    };
  }

  test.each([
    [Lion, "exp_avg"],
    [Signum, "momentum_buffer"],
  ] as [Rule, string][])("NaN stops the weight of %o for good, infinity drives it one way", (Rule, slot) => {
    const stopped = train(Rule, Number.NaN);
    expect(new Set(stopped.values.slice(2)).size).toBe(1);
    expect(stopped).toMatchObject({ finite: true, change: 0, state: `${slot} of w[1, 1] = NaN` });
    const driven = train(Rule, -Infinity);
    expect(driven).toMatchObject({ finite: true, state: `${slot} of w[1, 1] = -Infinity` });
    for (let i = 4; i < 50; i++) expect(driven.values[i]).toBeGreaterThan(driven.values[i - 1]!);
    expect(driven.change).toBeGreaterThan(0);
  });

  test("Rprop misses the step of a NaN, takes infinity for its sign, and keeps no trace", () => {
    const { values, ...missed } = train(Rprop, Number.NaN);
    expect(values[3]).toBe(values[2]);
    expect(values[4]).toBeLessThan(values[3]!);
    expect(missed).toMatchObject({ finite: true, state: undefined });
    expect(train(Rprop, Infinity)).toMatchObject({ finite: true, state: undefined });
  });

  test("SophiaG is driven one way by infinity, and NaN reaches its values", () => {
    expect(train(SophiaG, Infinity)).toMatchObject({ finite: true, state: "exp_avg of w[1, 1] = Infinity" });
    expect(train(SophiaG, Number.NaN).values[3]).toBeNaN();
    const params = runtimes[0]!.parameters({ w: [2] });
    const optimizer = new SophiaG(params);
    params.get("w").grad.set([1, Infinity]);
    optimizer.updateHessian();
    params.get("w").grad.set([1, 1]);
    optimizer.step();
    expect([...params.get("w").data]).toEqual([expect.any(Number), 0]);
    expect(params.get("w").data[0]).toBeLessThan(0);
    expect(findNonFinite(optimizer, { of: "state" })?.text).toBe("hessian of w[1] = Infinity");
  });

  const others = (Object.entries(optim) as [string, Rule][]).filter(
    ([, Rule]) => ![Lion, Signum, Rprop, SophiaG].includes(Rule as typeof Lion),
  );
  test.each(others)("it reaches the values of %s at once", (_, Rule) => {
    for (const bad of [Number.NaN, Infinity, -Infinity])
      expect(train(Rule, bad).values[3]).not.toSatisfy(Number.isFinite);
  });
});

test("arguments are checked", () => {
  const params = runtimes[0]!.parameters({ w: [3] });
  expect(() => findNonFinite(params, { of: "moments" as "value" })).toThrow('of: got "moments"');
  expect(() => findNonFinite(params as never, { of: "state" })).toThrow(
    'optimizer: got an object of Parameters, expected an optimizer, since of is "state"',
  );
  expect(() => findNonFinite(new Lion(params) as never)).toThrow("params: got an object of Lion, expected parameters");
  expect(() => findNonFinite(params, { in: "value" } as object)).toThrow("findNonFinite.in");
});
