/** Two copies of the package in one program, as two bundles on a page have them. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import * as one from "../../src/index.ts";

let other: typeof one;
beforeAll(async () => {
  vi.resetModules();
  other = await import("../../src/index.ts");
});

describe("two copies", () => {
  test("work side by side", async () => {
    const results = [];
    for (const { AdamW, load } of [one, other]) {
      const params = (await load()).parameters({ weight: [4] });
      params.get("weight").grad.fill(1);
      new AdamW(params, { lr: 0.1 }).step();
      results.push([...params.get("weight").data]);
    }
    expect(one.AdamW).not.toBe(other.AdamW);
    expect(results[0]).toEqual(results[1]);
  });

  test("refuse each other's objects, saying what they are", async () => {
    const rt = await one.load();
    const params = rt.parameters({ weight: [4] });
    const theirs = "an object of another copy of simd-optim";
    expect(() => new other.AdamW(params)).toThrow(`params: got ${theirs}, expected parameters`);
    expect(() => new other.AdamW([...params])).toThrow(`params: got [${theirs}], expected parameters`);
    expect(() => other.clipGradNorm(params, 1)).toThrow(`params: got ${theirs}`);
    expect(() => new other.EMA(params)).toThrow(`params: got ${theirs}`);
    const [a, b, c] = [rt.tensor([2, 2]), rt.tensor([2, 2]), rt.tensor([2, 2])];
    expect(() => other.gemm(a, b, c)).toThrow(theirs);
    expect(() => other.init.ones(a)).toThrow(theirs);
    expect(params.get("weight").clipping).toBeUndefined();
  });

  test("errors are told by their code, not by their class", async () => {
    const rt = await one.load();
    const error = await Promise.resolve()
      .then(() => rt.tensor([0]))
      .catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(other.SimdOptimError);
    expect(error).toMatchObject({ name: "SimdOptimError", code: "BAD_ARGUMENT" });
  });

  test("pass states to each other", async () => {
    const [mine, theirs] = [
      (await one.load()).parameters({ weight: [4] }),
      (await other.load()).parameters({ weight: [4] }),
    ];
    const opt = new one.AdamW(mine);
    mine.get("weight").grad.fill(1);
    opt.step();
    const loaded = new other.AdamW(theirs);
    loaded.loadStateDict(opt.stateDict());
    expect(loaded.stateDict()).toEqual(opt.stateDict());
  });

  test("wrap each other's optimizers, since a wrapper only calls what it wraps", async () => {
    const results = [];
    for (const { Lookahead } of [one, other]) {
      const params = (await one.load()).parameters({ weight: [4] });
      const opt = new Lookahead(new one.AdamW(params, { lr: 0.1 }), { k: 2 });
      params.get("weight").grad.fill(1);
      for (let i = 0; i < 3; i++) opt.step();
      results.push([...params.get("weight").data]);
    }
    expect(results[0]).toEqual(results[1]);
  });
});
