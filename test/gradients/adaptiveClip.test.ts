import { describe, expect, test } from "vitest";
import { clipGradAdaptive } from "../../src/gradients/adaptiveClip.ts";
import { Random } from "../../src/tensor/random.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";
import { norm } from "../support/textbook.ts";

const runtimes = await loadAll();

/** Equation 3 for one unit, in float64; the order of the comparison is that of the authors' code. */
function clipUnit(p: number[], g: number[], clipping: number, eps: number): { g: number[]; clipped: boolean } {
  const most = Math.max(norm(p), eps) * clipping;
  const length = norm(g);
  if (length < most) return { g, clipped: false };
  return { g: g.map((x) => (x * most) / Math.max(length, 1e-6)), clipped: true };
}

/** Units of each shape as the authors' code has them, with [out, ...] where theirs are [..., out]. */
const shapes: Record<string, { shape: number[]; units: number }> = {
  matrix: { shape: [6, 37], units: 6 },
  convolution: { shape: [4, 3, 3, 3], units: 4 },
  heads: { shape: [5, 2, 8], units: 5 },
  bias: { shape: [13], units: 1 },
  column: { shape: [9, 1], units: 1 },
  row: { shape: [1, 9], units: 1 },
  scalar: { shape: [1], units: 1 },
};

function filled(runtime: (typeof runtimes)[0]) {
  const params = runtime.parameters(
    Object.fromEntries(Object.entries(shapes).map(([name, { shape }]) => [name, shape])),
  );
  const random = new Random(5, "units");
  for (const { name, data, grad, size } of params) {
    const width = size / shapes[name]!.units;
    for (let i = 0; i < size; i++) {
      const unit = Math.floor(i / width);
      // Units that start at 0, and gradients from far below the threshold to far above.
      data[i] = unit % 3 === 2 ? 0 : random.uniform() - 0.5;
      grad[i] = (random.uniform() - 0.5) * 10 ** ((unit % 4) - 3);
    }
  }
  return params;
}

describe.each(runtimes)("clipGradAdaptive on $backend", (runtime) => {
  test.each([{}, { clipping: 0.1 }, { eps: 0.5 }, { clipping: 0.05, eps: 1e-2 }])(
    "follows equation 3 in float64, to three roundings, with %j",
    (options: { clipping?: number; eps?: number }) => {
      const params = filled(runtime);
      const before = new Map([...params].map(({ name, grad }) => [name, [...grad]]));
      let expected = 0;
      const clipped = clipGradAdaptive(params, options);
      const { clipping = 0.01, eps = 1e-3 } = options;
      for (const { name, data, grad, size } of params) {
        const { units } = shapes[name]!;
        const width = size / units;
        for (let unit = 0; unit < units; unit++) {
          const part = (values: ArrayLike<number>) => Array.from(values).slice(unit * width, (unit + 1) * width);
          const truth = clipUnit(part(data), part(before.get(name)!), clipping, eps);
          if (truth.clipped) expected++;
          // Rounded: the options, the factor and the product.
          part(grad).forEach((x, i) => {
            expect(Math.abs(x - truth.g[i]!), `${name} ${unit} ${i}`).toBeLessThanOrEqual(2 ** -22 * Math.abs(x));
          });
        }
      }
      expect(clipped).toBe(expected);
      expect(clipped).toBeGreaterThan(2);
      expect(clipped).toBeLessThan(20);
    },
  );
});

test("gives the same bits on every backend", () => {
  const ends = runtimes.map((runtime) => {
    const params = filled(runtime);
    return [clipGradAdaptive(params), [...params].map(({ grad }) => [...bitsOf(grad)])];
  });
  expect(ends[1]).toEqual(ends[0]);
  expect(ends[2]).toEqual(ends[0]);
});

test("leaves out what is not selected or frozen, and keeps NaN in its own unit", () => {
  const params = runtimes[0]!.parameters({ w: [2, 2], head: { shape: [2, 2], role: "head" }, f: [2, 2] });
  for (const { data, grad } of params) {
    data.fill(1);
    grad.set([Number.NaN, 5, 5, 5]);
  }
  params.get("f").frozen = true;
  expect(clipGradAdaptive(params.where(({ role }) => role !== "head"))).toBe(2);
  const threshold = expect.closeTo(0.01, 8);
  expect([...params.get("w").grad]).toEqual([Number.NaN, Number.NaN, threshold, threshold]);
  expect([...params.get("head").grad]).toEqual([Number.NaN, 5, 5, 5]);
  expect([...params.get("f").grad]).toEqual([Number.NaN, 5, 5, 5]);
});

test("arguments are checked", () => {
  const params = runtimes[0]!.parameters({ w: [2, 2] });
  expect(() => clipGradAdaptive(params, { clipping: -1 })).toThrow("clipping: got -1, expected a number in [0, inf)");
  expect(() => clipGradAdaptive(params, { eps: Number.NaN })).toThrow("eps: got NaN");
  expect(() => clipGradAdaptive(params, { epsilon: 1 } as object)).toThrow("clipGradAdaptive.epsilon");
  expect(() => clipGradAdaptive("w" as unknown as [])).toThrow('params: got "w"');
});
