import { describe, expect, test } from "vitest";
import { AdamW } from "../../../src/optim/adam.ts";
import { defineOptimizer } from "../../../src/optim/define/optimizer.ts";
import type { Scheduled } from "../../../src/optim/define/option.ts";
import { SGD } from "../../../src/optim/sgd.ts";
import * as schedules from "../../../src/schedules/index.ts";
import type { Parameters } from "../../../src/tensor/parameters.ts";
import { load } from "../../../src/tensor/runtime.ts";
import { type AnyOptimizer, optimizers } from "../../support/specs.ts";

const rt = await load();

function oneEach() {
  const params = rt.parameters({ "fc.weight": [4, 3], "fc.bias": [4], norm: [4] });
  for (const parameter of params) parameter.grad.fill(1);
  return params;
}

describe("groups", () => {
  test("take the optimizer's options where they have none of their own", () => {
    const params = oneEach();
    const sgd = new SGD(
      [{ params: params.where(({ ndim }) => ndim > 1), lr: 0.5 }, { params: params.where(({ ndim }) => ndim === 1) }],
      { lr: 0.25 },
    );
    sgd.step();
    expect([...params].map(({ data }) => data[0])).toEqual([-0.5, -0.25, -0.25]);
    expect(sgd.groups.map(({ lr, momentum, params }) => [lr, momentum, params.length])).toEqual([
      [0.5, 0, 1],
      [0.25, 0, 2],
    ]);
  });

  test("options may be assigned and are checked when they are", () => {
    const sgd = new SGD(oneEach(), { lr: 0.5 });
    const [group] = sgd.groups as [(typeof sgd.groups)[0]];
    group.lr = 2;
    expect([group.lr, sgd.step().lr]).toEqual([2, 2]);
    expect(() => Object.assign(group, { lr: -1 })).toThrow("lr: got -1, expected a number in [0, inf)");
    expect(() => Object.assign(group, { momentum: 0.9 })).toThrow(
      /momentum: got 0.9, expected a value that needs the same state/,
    );
    expect(() => Object.assign(group, { nesterov: true })).toThrow(/momentum above 0/);
    expect([group.lr, group.momentum, group.nesterov]).toEqual([2, 0, false]);
  });

  test("state is kept only for groups that need it", () => {
    const params = oneEach();
    const sgd = new SGD([
      { params: params.where(({ ndim }) => ndim > 1), momentum: 0.9 },
      { params: params.where(({ ndim }) => ndim === 1) },
    ]);
    expect(sgd.bytes).toBe(4 * 12);
    expect(Object.keys(sgd.stateDict().state)).toEqual(["fc.weight"]);
  });

  test("parameters of several collections share an optimizer", () => {
    const [a, b] = [oneEach(), oneEach()];
    new SGD([...a, ...b], { lr: 1 }).step();
    expect([...a, ...b].every(({ data }) => data.every((x) => x === -1))).toBe(true);
  });
});

describe("schedules in options", () => {
  test("see step 0 first, and the value that comes next can be read", () => {
    const seen: number[] = [];
    const sgd = new SGD(oneEach(), {
      lr: (step) => {
        seen.push(step);
        return 1 / (step + 1);
      },
    });
    expect(sgd.groups[0]!.lr).toBe(1);
    expect([sgd.step().lr, sgd.step().lr, sgd.groups[0]!.lr]).toEqual([1, 0.5, 1 / 3]);
    expect(new Set(seen)).toEqual(new Set([0, 1, 2]));
  });

  test("serve any number, inside pairs too", () => {
    const scheduled = oneEach();
    const fixed = oneEach();
    new AdamW(scheduled, { betas: [(step) => 0.8 + step, 0.9], weightDecay: () => 0.3, eps: () => 1e-3 }).step();
    new AdamW(fixed, { betas: [0.8, 0.9], weightDecay: 0.3, eps: 1e-3 }).step();
    expect([...scheduled].map(({ data }) => data)).toEqual([...fixed].map(({ data }) => data));
  });

  test("that leave the range throw before anything is written, and the optimizer goes on afterwards", () => {
    const params = oneEach();
    let lr = Number.NaN;
    const sgd = new SGD(params, { lr: () => lr, momentum: 0.9 });
    const before = sgd.stateDict;
    expect(() => sgd.step()).toThrow("SGD.lr at step 0: got NaN, expected a number in [0, inf)");
    expect([...params].every(({ data }) => data.every((x) => x === 0))).toBe(true);
    expect(sgd.steps).toBe(0);
    expect(sgd.stateDict).toBe(before);
    lr = 1;
    expect(sgd.step()).toEqual({ step: 1, applied: true, lr: 1 });
  });

  test("do not move on a skipped step", () => {
    const params = oneEach();
    const sgd = new SGD(params, { lr: schedules.linear({ start: 1, end: 0, total: 10 }), nonFinite: "skip" });
    sgd.step();
    params.get("norm").grad[0] = Infinity;
    expect(sgd.step()).toMatchObject({ step: 1, applied: false, lr: 0.9 });
    params.get("norm").grad[0] = 1;
    expect(sgd.step()).toMatchObject({ step: 2, applied: true, lr: 0.9 });
  });
});

describe("state", () => {
  test("is numbers and arrays by parameter name, and survives structured clone", () => {
    const params = oneEach();
    const adamw = new AdamW(params, { lr: schedules.constant(0.5) });
    adamw.step();
    const saved = adamw.stateDict();
    expect(saved).toMatchObject({ optimizer: "AdamW", step: 1, point: "p" });
    expect({ ...saved.steps }).toEqual({ "fc.weight": 1, "fc.bias": 1, norm: 1 });
    expect(saved.groups).toEqual([
      {
        params: ["fc.weight", "fc.bias", "norm"],
        options: {
          lr: 0.5,
          betas: [0.9, 0.999],
          eps: 1e-8,
          weightDecay: 0.01,
          amsgrad: false,
          biasCorrection: true,
          maximize: false,
        },
        schedules: { lr: "constant(0.5)" },
        numbers: {},
      },
    ]);
    expect(Object.keys(saved.state["norm"]!)).toEqual(["exp_avg", "exp_avg_sq"]);
    const other = new AdamW(oneEach());
    other.loadStateDict(structuredClone(saved));
    expect(other.stateDict().state).toEqual(saved.state);
  });

  test("comes as views where no copy is asked for", () => {
    const params = oneEach();
    const adamw = new AdamW(params);
    adamw.step();
    const views = adamw.stateDict({ copy: false });
    expect(views).toEqual(adamw.stateDict());
    expect(views.state["norm"]!["exp_avg"]!.buffer).toBe(params.get("norm").data.buffer);
    adamw.step();
    expect(views.state).toEqual(adamw.stateDict().state);
  });

  test("is found by name, whatever the order of parameters and groups", () => {
    const params = oneEach();
    const adamw = new AdamW(params);
    adamw.step();
    const reordered = rt.parameters({ norm: [4], "fc.bias": [4], "fc.weight": [4, 3] });
    const other = new AdamW([...reordered].map((parameter) => ({ params: [parameter] })));
    other.loadStateDict(adamw.stateDict());
    expect(other.stateDict().state).toEqual(adamw.stateDict().state);
  });

  test("that does not fit is refused with everything that is wrong, and nothing changes", () => {
    const saved = new AdamW(rt.parameters({ "fc.weight": [4, 3], "fc.bias": [5], extra: [1] })).stateDict();
    const adamw = new AdamW(oneEach());
    adamw.step();
    const before = adamw.stateDict();
    expect(() => adamw.loadStateDict(saved)).toThrow(
      "state: missing norm/exp_avg, norm/exp_avg_sq; unexpected extra/exp_avg, extra/exp_avg_sq; " +
        "misshapen fc.bias/exp_avg: got 5 elements, expected 4, fc.bias/exp_avg_sq: got 5 elements, expected 4",
    );
    expect(adamw.stateDict()).toEqual(before);
    const report = adamw.loadStateDict(saved, { strict: false });
    expect([report.missing.length, report.unexpected.length, report.misshapen.length]).toEqual([2, 2, 2]);
    expect(adamw.steps).toBe(0);
    // What does not fit begins anew.
    const nothing = new AdamW(oneEach()).stateDict();
    expect(adamw.stateDict()).toEqual(nothing);
  });

  const later = (name: string) => ({ [name]: [4] as const });

  /** What is learned over the whole run, such as Prodigy's d, a new parameter does not start over again. */
  const ofTheRun = (name: string) => /^(AGD|NAGGS|Prodigy.*|ScheduleFree.*)$/.test(name);
  const together = (params: Parameters) => params;
  const apart = (params: Parameters) => [{ params: [params.get("head")] }, { params: [params.get("body")] }];

  describe.each([
    ["in the same group", together],
    ["in a group of its own", apart],
  ] as const)("of every rule lets what the file lacks begin with a first step, %s", (_, grouped) => {
    test.each(optimizers.map((Optimizer) => [Optimizer.spec.name, Optimizer] as const))("%s", (name, Optimizer) => {
      const shape = [4, 3];
      const options = Optimizer.spec.options["lr"] ? { lr: 0.01 } : {};
      const train = (params: Parameters, part: string, optimizer: AnyOptimizer["prototype"], steps: number) => {
        const { data, grad } = params.get(part);
        return Array.from({ length: steps }, (_, step) => {
          const before = data.slice();
          grad.fill(0.5 + step / 10);
          optimizer.step();
          return data.map((value, i) => value - before[i]!);
        });
      };
      const body = rt.parameters({ body: shape });
      const old = new Optimizer(body, options);
      train(body, "body", old, 40);
      const saved = old.stateDict();
      const alone = rt.parameters({ head: shape });
      const first = train(alone, "head", new Optimizer(alone, options), 3);
      for (const state of [saved, { ...saved, state: { ...saved.state, head: { exp_avg: new Float32Array(2) } } }]) {
        const both = rt.parameters({ body: shape, head: shape });
        const resumed = new Optimizer(grouped(both), options);
        // What it has done before does not count either.
        both.get("head").grad.fill(1);
        resumed.step();
        both.get("head").data.fill(0);
        resumed.loadStateDict(state, { strict: false });
        const loaded = resumed.stateDict();
        expect(loaded.steps).toEqual({ body: 40, head: 0 });
        for (const array of Object.values(loaded.state["head"] ?? {})) expect(array.every((x) => x === 0)).toBe(true);
        if (Optimizer.spec.sharesNumbers) {
          for (const { numbers } of loaded.groups) expect(numbers).toEqual(saved.groups[0]!.numbers);
        }
        both.get("body").grad.fill(0);
        const steps = train(both, "head", resumed, 3);
        if (ofTheRun(name)) expect(steps.flatMap((step) => [...step]).every(Number.isFinite)).toBe(true);
        else expect(steps).toEqual(first);
      }
    });
  });

  test("lets a parameter of which one array is missing begin anew as a whole", () => {
    const params = rt.parameters(later("w"));
    const plain = new AdamW(params);
    params.get("w").grad.fill(1);
    for (let i = 0; i < 10; i++) plain.step();
    const amsgrad = new AdamW(params, { amsgrad: true });
    const report = amsgrad.loadStateDict(plain.stateDict(), { strict: false });
    expect(report.missing).toEqual(["w/max_exp_avg_sq"]);
    const { state, steps } = amsgrad.stateDict();
    expect(steps).toEqual({ w: 0 });
    for (const array of Object.values(state["w"]!)) expect(array.every((value) => value === 0)).toBe(true);
  });

  test("that lacks a count says so, also where a rule keeps no arrays", () => {
    const one = rt.parameters(later("a"));
    const two = rt.parameters({ ...later("a"), ...later("b") });
    const saved = new SGD(one).stateDict();
    expect(() => new SGD(two).loadStateDict(saved)).toThrow("state: missing b/step");
    expect(new SGD(two).loadStateDict(saved, { strict: false }).missing).toEqual(["b/step"]);
  });

  test("compares the options of every parameter of a group", () => {
    const make = (rates: [number, number]) => {
      const params = rt.parameters({ ...later("a"), ...later("b") });
      return new AdamW([
        { params: [params.get("a")], lr: rates[0] },
        { params: [params.get("b")], lr: rates[1] },
      ]);
    };
    const saved = make([0.1, 0.2]).stateDict();
    expect(make([0.1, 0.2]).loadStateDict(saved).changed).toEqual([]);
    const together = new AdamW(rt.parameters({ ...later("a"), ...later("b") }), { lr: 0.1 });
    expect(together.loadStateDict(saved).changed).toEqual(["group 0: lr"]);
  });

  test("reports options that differ from the saved ones, and keeps yours", () => {
    const saved = new AdamW(oneEach(), { lr: 0.5, betas: [0.8, 0.9] }).stateDict();
    const adamw = new AdamW(oneEach(), { lr: 0.25 });
    expect(adamw.loadStateDict(saved).changed).toEqual(["group 0: lr", "group 0: betas"]);
    expect(adamw.groups[0]!.lr).toBe(0.25);
  });

  test("says which schedules there were, and reports others even where they agree for the moment", () => {
    const { cosine, constant, cyclicMomentum } = schedules;
    const made = (lr: Scheduled, beta1: Scheduled) => new AdamW(oneEach(), { lr, betas: [beta1, 0.9] });
    const saved = made(cosine({ peak: 0.5, total: 9 }), cyclicMomentum({ max: 0.9 })).stateDict();
    expect(saved.groups[0]!.schedules).toEqual({
      lr: "cosine({ peak: 0.5, total: 9, floor: 0 })",
      betas: [expect.stringMatching(/^cyclicMomentum\({ base: 0.8, max: 0.9, /), 0.9],
    });
    const changed = (lr: Scheduled, beta1: Scheduled) => made(lr, beta1).loadStateDict(saved).changed;
    expect(changed(cosine({ peak: 0.5, total: 9 }), cyclicMomentum({ max: 0.9 }))).toEqual([]);
    expect(changed(cosine({ peak: 0.5, total: 8 }), cyclicMomentum({ max: 0.9 }))).toEqual(["group 0: lr"]);
    expect(changed(constant(0.5), 0.9)).toEqual(["group 0: lr", "group 0: betas"]);
    const plain = made((step) => 0.5 / (step + 1), 0.9).stateDict();
    expect(plain.groups[0]!.schedules).toEqual({ lr: "a function" });
  });

  test("tells schedules apart that differ only far into their text", () => {
    const { constant, sequence } = schedules;
    const parts = Array.from({ length: 40 }, (_, i) => constant(i / 100));
    const made = (last: number) => {
      const milestones = Array.from(parts, (_, i) => i + 1);
      return new AdamW(oneEach(), { lr: sequence([...parts, constant(last)], milestones) });
    };
    const saved = made(0.5).stateDict();
    expect(made(0.5).loadStateDict(saved).changed).toEqual([]);
    expect(made(0.25).loadStateDict(saved).changed).toEqual(["group 0: lr"]);
  });

  test("of another optimizer, or no state at all, is refused", () => {
    const adamw = new AdamW(oneEach());
    expect(() => adamw.loadStateDict(new SGD(oneEach()).stateDict())).toThrow(
      'state.optimizer: got "SGD", expected "AdamW"',
    );
    const bad = (state: unknown) => () => adamw.loadStateDict(state as ReturnType<typeof adamw.stateDict>);
    expect(bad(null)).toThrow("state: got null");
    expect(bad({ ...adamw.stateDict(), step: -1 })).toThrow("state.step: got -1");
    expect(bad({ optimizer: "AdamW", point: "p", step: 1, steps: {}, groups: [] })).toThrow(
      "state.state: got undefined",
    );
  });

  test("keeps parameters named like members of objects", () => {
    const params = rt.parameters(JSON.parse('{ "__proto__": [2], "constructor": [3] }'));
    const adamw = new AdamW(params);
    adamw.step();
    expect(adamw.loadStateDict(adamw.stateDict()).missing).toEqual([]);
  });
});

test("a parameter that was frozen for a while counts its own updates, across a save too", () => {
  const params = oneEach();
  const adamw = new AdamW(params, { lr: 1 });
  params.get("norm").frozen = true;
  adamw.step();
  params.get("norm").frozen = false;
  const other = new AdamW(params, { lr: 1 });
  other.loadStateDict(adamw.stateDict());
  other.step();
  expect({ ...other.stateDict().steps }).toEqual({ "fc.weight": 2, "fc.bias": 2, norm: 1 });
  // Its first update is bias-corrected as a first one: a step of lr.
  expect(params.get("norm").data[0]).toBeCloseTo(-1, 6);
});

test("zeroGrad clears the gradients of its own parameters", () => {
  const params = oneEach();
  new SGD([params.get("norm")]).zeroGrad();
  expect([...params].map(({ grad }) => grad[0])).toEqual([1, 1, 0]);
});

test("10 000 steps leave the JavaScript heap flat", () => {
  const collect = (globalThis as { gc?: () => void }).gc!;
  const adamw = new AdamW(oneEach(), { lr: schedules.warmupCosine({ peak: 1e-3, warmup: 100, total: 30_000 }) });
  const heapAfter = (steps: number) => {
    for (let i = 0; i < steps; i++) adamw.step();
    collect();
    return process.memoryUsage().heapUsed;
  };
  heapAfter(10_000);
  const before = heapAfter(1);
  // One object kept for each step would be half a megabyte or more.
  expect(heapAfter(10_000) - before).toBeLessThan(256 * 1024);
});

test("parameters whose state has another shape than they have are not joined with their neighbours", () => {
  const spans: { n: number; state: number }[] = [];
  const Counted = defineOptimizer({
    name: "Counted",
    rule: "",
    cites: "",
    options: {},
    state: { rows: { size: (shape) => (shape.length > 1 ? shape[0]! : 0) } },
    update: (_context, { n, state }) => void spans.push({ n, state: state.rows }),
  });
  const params = rt.parameters({ w: [4, 3], b: [4], c: [2], u: [5, 1], v: [6, 1] });
  new Counted(params).step();
  expect(spans.map(({ n, state }) => [n, state > 0])).toEqual([
    [12, true],
    [6, false],
    [11, true],
  ]);
});
