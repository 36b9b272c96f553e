import { describe, expect, test } from "vitest";
import { centralizeGradients } from "../../src/gradients/centralize.ts";
import { Random } from "../../src/tensor/random.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const shapes = { matrix: [6, 1100], convolution: [4, 3, 3, 3], bias: [13], frozen: [2, 3] };

function filled(runtime: (typeof runtimes)[0]) {
  const params = runtime.parameters(shapes);
  params.get("frozen").frozen = true;
  const random = new Random(6, "rows");
  for (const { grad } of params) for (let i = 0; i < grad.length; i++) grad[i] = 3 + random.uniform();
  return params;
}

describe.each(runtimes)("centralizeGradients on $backend", (runtime) => {
  test("subtracts from each row its mean over all other axes, to a rounding of the mean and one of the result", () => {
    const params = filled(runtime);
    const before = new Map([...params].map(({ name, grad }) => [name, [...grad]]));
    centralizeGradients(params);
    for (const name of ["matrix", "convolution"] as const) {
      const rows = shapes[name][0]!;
      const { grad, size } = params.get(name);
      const width = size / rows;
      for (let row = 0; row < rows; row++) {
        const old = before.get(name)!.slice(row * width, (row + 1) * width);
        const mean = old.reduce((sum, g) => sum + g, 0) / width;
        old.forEach((g, i) => {
          const error = Math.abs(grad[row * width + i]! - (g - mean));
          expect(error).toBeLessThanOrEqual(2 ** -24 * (Math.abs(mean) + Math.abs(g - mean)));
        });
      }
    }
    expect([...params.get("bias").grad]).toEqual(before.get("bias"));
    expect([...params.get("frozen").grad]).toEqual(before.get("frozen"));
  });
});

test("gives the same bits on every backend", () => {
  const ends = runtimes.map((runtime) => {
    const params = filled(runtime);
    centralizeGradients(params);
    return [...params].map(({ grad }) => [...bitsOf(grad)]);
  });
  expect(ends[1]).toEqual(ends[0]);
  expect(ends[2]).toEqual(ends[0]);
});

test("a NaN stays in its row, and only parameters are taken", () => {
  const params = runtimes[0]!.parameters({ w: [2, 2] });
  params.get("w").grad.set([Number.NaN, 1, 1, 3]);
  centralizeGradients(params);
  expect([...params.get("w").grad]).toEqual([Number.NaN, Number.NaN, -1, 1]);
  expect(() => centralizeGradients({} as [])).toThrow("params: got an object of Object");
});
