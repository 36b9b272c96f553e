import { describe, expect, test } from "vitest";
import { Random } from "../../src/tensor/random.ts";
import { EMA, SWA } from "../../src/training/average.ts";
import { loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];

/** Values at time t. */
function valuesAt(t: number, size: number): Float32Array {
  const random = new Random(t, "values");
  return Float32Array.from({ length: size }, () => random.uniform() - 0.5);
}

describe.each(runtimes)("on $backend", (runtime) => {
  test.each([
    {
      title: "EMA",
      make: (params: ReturnType<typeof runtime.parameters>) => new EMA(params, { decay: 0.9 }),
      weight: () => 0.1,
    },
    {
      title: "SWA",
      make: (params: ReturnType<typeof runtime.parameters>) => new SWA(params),
      weight: (n: number) => 1 / (n + 1),
    },
  ])("$title is the float64 average to float32 rounding, and parameters come back bit for bit", ({ make, weight }) => {
    const params = runtime.parameters({ w: [9], b: [2] });
    const average = make(params);
    const truth = { w: new Float64Array(9), b: new Float64Array(2) };
    for (let t = 0; t < 30; t++) {
      for (const name of ["w", "b"] as const) {
        params.get(name).data.set(valuesAt(t, truth[name].length));
        params.get(name).data.forEach((x, i) => {
          truth[name][i]! += (t === 0 ? 1 : weight(t)) * (x - truth[name][i]!);
        });
      }
      average.update();
    }
    const before = [...params].map(({ data }) => [...data]);
    average.withEvalParams(() => {
      for (const name of ["w", "b"] as const) {
        params.get(name).data.forEach((x, i) => void expect(Math.abs(x - truth[name][i]!)).toBeLessThan(1e-6));
        params.get(name).data.fill(0);
      }
    });
    expect([...params].map(({ data }) => [...data])).toEqual(before);
  });
});

test("withEvalParams waits for a promise, returns what it gives, and puts back after an error too", async () => {
  const params = rt.parameters({ w: [1] });
  const { data } = params.get("w");
  const average = new SWA(params);
  for (const x of [1, 3]) {
    data[0] = x;
    average.update();
  }
  data[0] = 7;
  const seen = average.withEvalParams(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return params.get("w").data[0];
  });
  expect(params.get("w").data[0]).toBe(2);
  expect(await seen).toBe(2);
  expect(params.get("w").data[0]).toBe(7);
  expect(() =>
    average.withEvalParams(() => {
      throw new Error("mine");
    }),
  ).toThrow("mine");
  expect(params.get("w").data[0]).toBe(7);
});

test("an average is saved and loaded by name, and refuses what does not fit", () => {
  const params = rt.parameters({ w: [2], b: [1] });
  const average = new SWA(params);
  params.get("w").data.set([1, 2]);
  average.update();
  const saved = average.stateDict();
  const other = new SWA(rt.parameters({ b: [1], w: [2] }));
  other.loadStateDict(structuredClone(saved));
  expect(other.stateDict()).toEqual({ updates: 1, average: { ...saved.average } });
  const foreign = { updates: 1, average: { w: new Float32Array(3), b: new Float32Array(1) } };
  expect(() => average.loadStateDict(foreign)).toThrow("average.w: got 3 elements, expected 2");
  expect(average.stateDict()).toEqual(saved);
  expect(() => new SWA(params).withEvalParams(() => 1)).toThrow("at least one update before it");
  expect(() => new EMA(params, { decay: 2 })).toThrow("decay: got 2");
});
