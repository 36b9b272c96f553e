import { describe, expect, test } from "vitest";
import { clipGradNorm } from "../../../src/gradients/clip.ts";
import { AdamW } from "../../../src/optim/adam.ts";
import { defineOptimizer } from "../../../src/optim/define/optimizer.ts";
import { LAMB } from "../../../src/optim/lamb.ts";
import type { Parameters } from "../../../src/tensor/parameters.ts";
import { Random } from "../../../src/tensor/random.ts";
import { load, type Runtime } from "../../../src/tensor/runtime.ts";
import { Lookahead } from "../../../src/training/lookahead.ts";
import { bitsOf, loadAll } from "../../support/runtimes.ts";
import { type AnyOptimizer, optimizers, variants } from "../../support/specs.ts";
import { everyNth } from "../../support/sweep.ts";
import { norm } from "../../support/textbook.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];

interface Shaped {
  readonly spec: Pick<AnyOptimizer["spec"], "shapes">;
}

/** Parameters smaller than a vector, smaller than a chunk, and of several. */
function parameters({ spec: { shapes } }: Shaped, runtime: Runtime = rt): Parameters {
  const vector = (size: number) => (shapes?.takes([size]) === false ? [size, 1] : [size]);
  const params = runtime.parameters({ w: [7, 5], large: [67, 65], b: vector(1027), s: vector(1) });
  const random = new Random(1, "values");
  for (const { data } of params) for (let i = 0; i < data.length; i++) data[i] = random.uniform() - 0.5;
  return params;
}

function setGradients(params: Parameters, t: number): void {
  const random = new Random(2, `gradients ${t}`);
  for (const { grad } of params) for (let i = 0; i < grad.length; i++) grad[i] = random.uniform() - 0.4;
}

/** Bits as text: comparing typed arrays element by element would take most of the time. */
const textOf = (array: Float32Array) => Buffer.from(bitsOf(array).buffer).toString("base64");
const snapshot = (params: Parameters) => [...params].map(({ data }) => textOf(data));
const stateOf = (optimizer: InstanceType<AnyOptimizer>) =>
  JSON.stringify(optimizer.stateDict(), (_, value) => (value instanceof Float32Array ? textOf(value) : value));

describe.each(everyNth(variants, 4))("$title, measured,", ({ Optimizer, options }) => {
  test("steps to the same bits, and reports what float64 finds in values and gradients", () => {
    const [plain, measured] = [parameters(Optimizer), parameters(Optimizer)];
    const [one, other] = [new Optimizer(plain, options), new Optimizer(measured, options)];
    for (let t = 0; t < 3; t++) {
      for (const params of [plain, measured]) setGradients(params, t);
      if (t === 1) for (const params of [plain, measured]) clipGradNorm(params, 0.5);
      const before = [...measured].map(({ data }) => data.slice());
      one.step();
      const { parameterNorms = {}, ...report } = other.step({ norms: "parameters" });
      expect(snapshot(measured)).toEqual(snapshot(plain));
      expect(stateOf(other)).toBe(stateOf(one));
      const expected = [...measured].map(({ data, grad }, k) => [
        norm([...grad]),
        norm([...data].map((x, i) => x - before[k]![i]!)),
        norm([...data]),
      ]);
      const close = (ours: readonly (number | undefined)[], truth: readonly number[]) => {
        for (const [k, x] of truth.entries()) {
          expect(Math.abs(ours[k]! - x), `step ${t}, ${k}`).toBeLessThanOrEqual(3e-6 * x);
        }
      };
      for (const [k, { name }] of [...measured].entries()) {
        const { gradNorm, updateNorm, paramNorm } = parameterNorms[name]!;
        close([gradNorm, updateNorm, paramNorm], expected[k]!);
      }
      const total = [0, 1, 2].map((k) => norm(expected.map((norms) => norms[k]!)));
      close([report.gradNorm, report.updateNorm, report.paramNorm], total);
    }
    for (const made of [one, other, plain, measured]) made.dispose();
  });
});

describe.each(optimizers.map((Optimizer) => ({ name: Optimizer.spec.name, Optimizer })))(
  "norms of $name",
  ({ Optimizer }) => {
    const reports = (runtime: Runtime, grouped: boolean) => {
      const params = parameters(Optimizer, runtime);
      const optimizer = new Optimizer(grouped ? [...params].map((p) => ({ params: [p] })) : params, {});
      const found = [0, 1].map((t) => {
        setGradients(params, t);
        return optimizer.step({ norms: "parameters" });
      });
      optimizer.dispose();
      params.dispose();
      return found;
    };

    test("are the same on every backend, however parameters are grouped", () => {
      const expected = reports(rt, false);
      for (const runtime of runtimes) {
        expect(reports(runtime, false)).toEqual(expected);
        expect(reports(runtime, true)).toEqual(expected);
      }
    });
  },
);

describe("measuring", () => {
  const start = (params = parameters(AdamW)) => {
    setGradients(params, 0);
    return params;
  };

  test("AdamW's fused kernel finds the bits that measuring in pieces finds", () => {
    const { updateMeasured, ...rest } = AdamW.spec;
    const Unfused = defineOptimizer(rest);
    expect(updateMeasured).toBeDefined();
    // One parameter is more than is stepped at a time.
    const shapes = { w: [70_001], b: [13] };
    const [fused, unfused] = [start(rt.parameters(shapes)), start(rt.parameters(shapes))];
    const report = new AdamW(fused, { weightDecay: 0.1 }).step({ norms: "parameters" });
    expect(new Unfused(unfused, { weightDecay: 0.1 }).step({ norms: "parameters" })).toEqual(report);
    expect(snapshot(unfused)).toEqual(snapshot(fused));
  });

  test("groups are reported in their order, frozen parameters not at all", () => {
    const params = start();
    params.get("large").frozen = true;
    const adamw = new AdamW([
      { params: params.where(({ name }) => name === "b") },
      { params: params.where(({ name }) => name === "large") },
      { params: params.where(({ name }) => name === "w" || name === "s") },
    ]);
    const report = adamw.step({ norms: "groups" });
    const of = (...names: string[]) => norm(names.flatMap((name) => [...params.get(name).data]));
    const [b, large, rest] = report.groupNorms!.map(({ paramNorm }) => paramNorm) as [number, number, number];
    expect(b / of("b")).toBeCloseTo(1, 5);
    expect(large).toBe(0);
    expect(rest / of("w", "s")).toBeCloseTo(1, 5);
    expect(report.paramNorm! / of("w", "s", "b")).toBeCloseTo(1, 5);
    expect(adamw.step({ norms: true })).not.toHaveProperty("groupNorms");
  });

  test("the gradient norm is that of clipping where there was any", () => {
    const params = start();
    const gradNorm = clipGradNorm(params, 0.1, { norm: 1 });
    const report = new AdamW(params).step({ norms: true });
    expect(report).toMatchObject({ gradNorm, clip: 0.1 / (gradNorm + 1e-6) });
  });

  test("off, it allocates nothing and reports nothing; on, it allocates once, and disposal gives that back", () => {
    const params = start();
    const used = rt.heap.used;
    const adamw = new AdamW(params);
    const during = rt.heap.used;
    expect(Object.keys(adamw.step())).toEqual(["step", "applied", "lr"]);
    expect(rt.heap.used).toBe(during);
    adamw.step({ norms: true });
    const measuring = rt.heap.used;
    adamw.step({ norms: true });
    expect(rt.heap.used).toBe(measuring);
    adamw.dispose();
    expect(rt.heap.used).toBe(used);
  });

  test("a step that is skipped has no norms; numbers too large for float32 squares are infinite", () => {
    const params = start();
    params.get("b").grad[3] = Number.NaN;
    const adamw = new AdamW(params, { nonFinite: "skip" });
    expect(Object.keys(adamw.step({ norms: true }))).not.toContain("updateNorm");
    params.get("b").grad[3] = 1e20;
    expect(new AdamW(params).step({ norms: true }).gradNorm).toBe(Infinity);
  });

  test("without memory for it is refused before anything is done", async () => {
    const small = await load({ maxBytes: 1 << 20 });
    const params = small.parameters({ w: [50_000] });
    params.get("w").grad.fill(1);
    const lamb = new LAMB(params);
    const filler = small.tensor([40_000]);
    expect(() => lamb.step({ norms: true })).toThrow(expect.objectContaining({ code: "OUT_OF_MEMORY" }));
    expect([lamb.steps, params.get("w").data[0]]).toEqual([0, 0]);
    filler.dispose();
    expect(lamb.step({ norms: true }).step).toBe(1);
  });

  test("passes through what wraps optimizers", () => {
    const params = start();
    expect(new Lookahead(new AdamW(params)).step({ norms: true }).updateNorm).toBeGreaterThan(0);
  });

  test("bad options are refused before anything is done", () => {
    const params = start();
    const adamw = new AdamW(params);
    expect(() => adamw.step({ norms: "all" as "groups" })).toThrow(
      'norms: got "all", expected one of false, true, "groups", "parameters"',
    );
    expect(() => adamw.step({ norm: true } as object)).toThrow("step.norm: got");
    expect(adamw.steps).toBe(0);
  });
});
