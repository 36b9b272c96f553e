import { describe, expect, test } from "vitest";
import { findNonFinite } from "../../src/gradients/nonFinite.ts";
import { loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();

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

test("arguments are checked", () => {
  const params = runtimes[0]!.parameters({ w: [3] });
  expect(() => findNonFinite(params, { of: "state" as "value" })).toThrow('of: got "state"');
  expect(() => findNonFinite(params, { in: "value" } as object)).toThrow("findNonFinite.in");
});
