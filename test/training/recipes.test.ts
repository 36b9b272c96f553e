import { describe, expect, test } from "vitest";
import { clipGradNorm } from "../../src/gradients/clip.ts";
import { AdamW } from "../../src/optim/adam.ts";
import * as schedules from "../../src/schedules/index.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { gpt2Recipe, llamaRecipe } from "../../src/training/recipes.ts";
import { loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];

function model(runtime: Runtime): Parameters {
  const params = runtime.parameters({
    wte: { shape: [6, 4], role: "embedding" },
    // A gain of two axes: a gain all the same.
    "ln.weight": { shape: [1, 4], role: "norm" },
    "fc.weight": [4, 4],
    "fc.bias": [4],
  });
  for (const { data } of params) data.set(data.map((_, i) => Math.sin(i + 1)));
  return params;
}

/** Gradients of step i, whose norm is now below 1 and now above. */
function setGradients(params: Parameters, i: number): void {
  for (const { grad } of params) grad.set(grad.map((_, j) => Math.cos(7 * i + j) * (i % 2 === 0 ? 1 : 0.01)));
}

const options = { peak: 0.02, warmup: 3, total: 12 };
const bitsOf = (params: Parameters) => [...params].map(({ data }) => [...data]);

describe("gpt2Recipe", () => {
  test.each(runtimes.map((runtime) => [runtime.backend, runtime] as const))(
    "is what one would write by hand, bit for bit: %s",
    (_backend, runtime) => {
      const [ours, theirs] = [model(runtime), model(runtime)];
      const recipe = gpt2Recipe(ours, options);
      const decayed = ["wte", "fc.weight"].map((name) => theirs.get(name));
      const rest = ["ln.weight", "fc.bias"].map((name) => theirs.get(name));
      const adamw = new AdamW(
        [
          { params: decayed, weightDecay: 0.1 },
          { params: rest, weightDecay: 0 },
        ],
        { lr: schedules.warmupCosine({ ...options, floor: 0.002 }), betas: [0.9, 0.95], eps: 1e-8 },
      );
      for (let i = 0; i < 12; i++) {
        for (const params of [ours, theirs]) setGradients(params, i);
        clipGradNorm(theirs, 1);
        const report = recipe.step();
        expect(report).toEqual(adamw.step());
        expect(report.clip! < 1).toBe(i % 2 === 0);
      }
      expect(bitsOf(ours)).toEqual(bitsOf(theirs));
    },
  );

  test("takes every option", () => {
    const given = { ...options, floor: 0, weightDecay: 0.3, betas: [0.8, 0.9] as const, eps: 1e-6 };
    const recipe = gpt2Recipe(model(rt), { ...given, clip: 0.5, nonFinite: "skip" });
    expect(recipe.optimizer.groups.map(({ weightDecay, betas, eps }) => [weightDecay, betas, eps])).toEqual([
      [0.3, [0.8, 0.9], 1e-6],
      [0, [0.8, 0.9], 1e-6],
    ]);
    expect(String(recipe.schedule)).toBe("warmupCosine({ peak: 0.02, warmup: 3, total: 12, floor: 0 })");
    const params = recipe.optimizer.groups.flatMap((group) => group.params);
    params[0]!.grad.fill(Infinity);
    expect(recipe.step()).toMatchObject({ applied: false, nonFinite: "wte[0, 0] = Infinity" });
    for (const { grad } of params) grad.fill(0);
    params[0]!.grad[0] = 3;
    expect(recipe.step().clip).toBeCloseTo(0.5 / 3, 6);
  });

  test("does not count the gradients of what is frozen", () => {
    const params = model(rt);
    const recipe = gpt2Recipe(params, options);
    params.get("wte").frozen = true;
    params.get("wte").grad.fill(1e9);
    params.get("fc.bias").grad[0] = 0.5;
    expect(recipe.step()).toMatchObject({ gradNorm: 0.5, clip: 1 });
  });

  test("prints what it consists of", () => {
    expect(String(gpt2Recipe(model(rt), options))).toBe(
      [
        "gpt2Recipe: AdamW, lr warmupCosine({ peak: 0.02, warmup: 3, total: 12, floor: 0.002 }), clip 1",
        "group  parameters  elements        lr  weightDecay        betas  names",
        "    0           2        40  0.006667          0.1  [0.9, 0.95]  wte, fc.weight",
        "    1           2         8  0.006667            0  [0.9, 0.95]  ln.weight, fc.bias",
      ].join("\n"),
    );
  });

  test("takes a model without vectors", () => {
    expect(gpt2Recipe(rt.parameters({ w: [2, 2] }), options).optimizer.groups).toHaveLength(1);
  });

  test.each([
    [{ ...options, lr: 1 }, 'gpt2Recipe.lr: got "lr", expected one of peak, warmup'],
    [{ warmup: 1, total: 2 }, "peak: got undefined"],
    [{ ...options, clip: 0 }, "clip: got 0, expected a number in (0, inf]"],
    [{ ...options, total: 2 }, "warmup: got 3, expected a whole number in [0, 1]"],
    [{ ...options, floor: -1 }, "floor: got -1"],
    [{ ...options, betas: [0.9, 1] }, "betas[1]: got 1"],
    [undefined, "gpt2Recipe: got undefined, expected an object with any of peak, warmup, total"],
  ])("refuses %j", (given, message) => {
    const used = rt.heap.used;
    const params = model(rt);
    expect(() => gpt2Recipe(params, given as never)).toThrow(message);
    params.dispose();
    expect(rt.heap.used).toBe(used);
  });
});

test("llamaRecipe differs in eps", () => {
  const recipe = llamaRecipe(model(rt), options);
  expect(recipe.optimizer.groups.map(({ eps, betas, weightDecay }) => [eps, betas, weightDecay])).toEqual([
    [1e-5, [0.9, 0.95], 0.1],
    [1e-5, [0.9, 0.95], 0],
  ]);
  expect(String(recipe)).toMatch(/^llamaRecipe: AdamW, lr warmupCosine/);
});
