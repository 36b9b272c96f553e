import { describe, expect, test } from "vitest";
import { clipGradNorm, gradNorm } from "../../src/gradients/clip.ts";
import { AdamW } from "../../src/optim/adam.ts";
import type { Steppable } from "../../src/optim/define/steppable.ts";
import { SGD } from "../../src/optim/sgd.ts";
import * as schedules from "../../src/schedules/index.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import { Random } from "../../src/tensor/random.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { Lookahead } from "../../src/training/lookahead.ts";
import { SpikeGuard } from "../../src/training/spikeGuard.ts";
import type { GuardReport, SpikeGuardOptions } from "../../src/training/spikePolicy.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";
import { optimizers } from "../support/specs.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];

/** What is wrong with a batch. */
type Kind = "good" | "loss" | "norm" | "NaN loss" | "NaN" | "infinity";
interface Batch {
  /** Decides the gradients, whatever the order batches come in. */
  readonly id: number;
  readonly kind: Kind;
}

const good = (...ids: number[]): Batch[] => ids.map((id) => ({ id, kind: "good" }));
const bad = (kind: Kind): Batch => ({ id: 1000, kind });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function makeParameters(runtime = rt): Parameters {
  const params = runtime.parameters({ w: [7, 5], u: [3, 17] });
  const random = new Random(1, "values");
  for (const { data } of params) for (let i = 0; i < data.length; i++) data[i] = random.uniform() - 0.5;
  return params;
}

/** Puts the gradients of a batch in place and returns its loss. */
function backward(params: Parameters, { id, kind }: Batch): number {
  const random = new Random(2, `batch ${id}`);
  const scale = kind === "norm" ? 100 : 1;
  for (const { grad } of params) for (let i = 0; i < grad.length; i++) grad[i] = scale * (random.uniform() - 0.5);
  if (kind === "NaN") params.get("u").grad[20] = Number.NaN;
  if (kind === "infinity") params.get("w").grad[7] = -Infinity;
  return kind === "NaN loss" ? Number.NaN : (kind === "loss" ? 50 : 2) + random.uniform();
}

function run<S>(params: Parameters, guard: SpikeGuard<S>, batches: readonly Batch[]): GuardReport[] {
  return batches.map((batch) => guard.step({ loss: backward(params, batch) }));
}

const values = (params: Parameters) => [...params].map(({ data }) => [...bitsOf(data)]);
const adamw = (params: Parameters) =>
  new AdamW(params, { lr: schedules.warmupCosine({ peak: 0.1, warmup: 3, total: 60 }), weightDecay: 0.1 });

/** A guarded AdamW, and all that goes on in it. */
function guarded(options: SpikeGuardOptions = {}, runtime = rt) {
  const params = makeParameters(runtime);
  const events: GuardReport[] = [];
  const guard = new SpikeGuard(adamw(params), {
    warmup: 4,
    window: 8,
    ...options,
    onEvent: (event) => events.push(event),
  });
  return { params, guard, events };
}

describe.each(runtimes)("skip on $backend", (runtime) => {
  test("with spikes, NaN batches and a run of bad batches ends bit-equal to a run in which they never came", () => {
    const { params, guard, events } = guarded({ policy: "skip" }, runtime);
    const bads = [bad("loss"), bad("NaN"), bad("norm"), bad("NaN loss"), bad("infinity")];
    const batches = [
      ...good(0, 1, 2, 3, 4),
      bad("loss"),
      ...good(5, 6),
      bad("NaN"),
      ...good(7),
      ...bads,
      ...good(...range(8, 20)),
      bad("norm"),
      ...good(20),
    ];
    const reports = run(params, guard, batches);
    const clean = guarded({ policy: "skip" }, runtime);
    run(clean.params, clean.guard, good(...range(0, 21)));
    expect(values(params)).toEqual(values(clean.params));
    const { batch: _, ...state } = guard.stateDict();
    const { batch: __, ...cleanState } = clean.guard.stateDict();
    expect(state).toEqual(cleanState);
    expect(clean.events).toEqual([]);
    // Each one in the report and in the log, and nothing else.
    expect(reports.map(({ action }) => action)).toEqual(batches.map(({ kind }) => (kind === "good" ? "step" : "skip")));
    expect(events).toEqual(reports.filter(({ action }) => action !== "step"));
    expect(events.map(({ batch, cause, consecutive }) => [batch, cause, consecutive])).toEqual([
      [5, "lossRatio", 1],
      [8, "nonFinite", 1],
      [10, "lossRatio", 1],
      [11, "nonFinite", 2],
      [12, "normRatio", 3],
      [13, "nonFinite", 4],
      [14, "nonFinite", 5],
      [27, "normRatio", 1],
    ]);
  });

  test("reports say what was found, in words and numbers", () => {
    const { params, guard } = guarded({ policy: "skip" }, runtime);
    const [first] = run(params, guard, good(0));
    const norm = gradNorm(params);
    expect(first).toEqual({
      ...{ step: 1, applied: true, action: "step", lr: expect.any(Number), gradNorm: norm },
      ...{ loss: first!.loss, batch: 0, consecutive: 0 },
    });
    run(params, guard, good(1, 2, 3, 4));
    const reports = run(params, guard, [bad("NaN"), bad("infinity"), bad("NaN loss"), bad("loss"), bad("norm")]);
    expect(reports[0]).toEqual({
      ...{ step: 5, applied: false, action: "skip", cause: "nonFinite", batch: 5, consecutive: 1 },
      ...{ loss: expect.any(Number), gradNorm: Number.NaN, nonFinite: "u[1, 3] = NaN" },
      reason: "the gradient is not finite: u[1, 3] = NaN",
    });
    expect(reports[1]).toMatchObject({ nonFinite: "w[1, 2] = -Infinity", gradNorm: Infinity });
    expect(reports[2]).toMatchObject({ cause: "nonFinite", reason: "the loss is NaN" });
    expect(reports[3]!.reason).toMatch(/^the loss 50\.\d+ is above 3 times 2\.\d+, its median over 5 steps$/);
    expect(reports[4]!.reason).toMatch(
      /^the gradient norm \d+\.\d+ is above 5 times \d+\.\d+, its median over 5 steps$/,
    );
  });
});

test("ratios are not looked at before the warm-up, nor for a median of 0 or less; the absolute limit always is", () => {
  const { params, guard } = guarded({ warmup: 3, maxNorm: 20 });
  const reports = run(params, guard, [...good(0, 1), bad("loss"), bad("norm"), bad("loss"), ...good(2)]);
  expect(reports.map(({ action, cause }) => cause ?? action)).toEqual([
    ...["step", "step", "step", "maxNorm", "lossRatio", "step"],
  ]);
  expect(reports[3]!.reason).toMatch(/^the gradient norm \d+\.\d+ is above 20$/);
  const negative = guarded({ warmup: 1 });
  for (const loss of [-5, -5, 100, -1]) {
    backward(negative.params, { id: 0, kind: "good" });
    expect(negative.guard.step({ loss }).action).toBe("step");
  }
});

describe("clip", () => {
  test("limits a step to a multiple of the median norm, which it enters as clipped", () => {
    const { params, guard, events } = guarded({ policy: "clip", clipRatio: 2 });
    const norms = run(params, guard, good(0, 1, 2, 3, 4)).map((report) => report.gradNorm!);
    const median = [...norms].sort((a, b) => a - b)[2]!;
    const [report] = run(params, guard, [bad("norm")]);
    const norm = gradNorm(params);
    expect(report).toMatchObject({
      ...{ action: "clip", applied: true, cause: "normRatio", step: 6, gradNorm: norm },
      clip: (2 * median) / (norm + 1e-6),
    });
    expect(events).toEqual([report]);
    expect(guard.stateDict().norms.at(-1)).toBe(2 * median);
    // The same by hand.
    const other = makeParameters();
    const byHand = adamw(other);
    for (const batch of [...good(0, 1, 2, 3, 4), bad("norm")]) {
      backward(other, batch);
      if (batch.kind === "norm") clipGradNorm(other, 2 * median);
      byHand.step();
    }
    expect(values(params)).toEqual(values(other));
  });

  test("for a spike in the loss, clips as well and keeps the loss out of its median", () => {
    const { params, guard } = guarded({ policy: "clip", clipRatio: 0.5 });
    run(params, guard, good(0, 1, 2, 3, 4));
    const [report] = run(params, guard, [bad("loss")]);
    expect(report).toMatchObject({ action: "clip", cause: "lossRatio", clip: expect.any(Number), consecutive: 1 });
    expect(report!.clip!).toBeLessThan(1);
    expect(guard.stateDict().losses.length).toBe(5);
    expect(guard.stateDict().norms.length).toBe(6);
  });

  test("leaves out what is not finite", () => {
    const { params, guard } = guarded({ policy: "clip" });
    run(params, guard, good(0, 1, 2, 3, 4));
    const before = values(params);
    expect(run(params, guard, [bad("NaN"), bad("NaN loss")]).map(({ action }) => action)).toEqual(["skip", "skip"]);
    expect(values(params)).toEqual(before);
  });

  test("keeps a clipping that waits where it clips more, and one that is skipped does not wait on", () => {
    const { params, guard } = guarded({ policy: "clip", maxNorm: 10 });
    backward(params, bad("norm"));
    clipGradNorm(params, 1);
    const report = guard.step({ loss: 2 });
    expect(report).toMatchObject({ action: "clip", cause: "maxNorm", clip: 1 / (report.gradNorm! + 1e-6) });
    backward(params, bad("norm"));
    clipGradNorm(params, 100);
    expect(guard.step({ loss: 2 }).clip).toBe(10 / (report.gradNorm! + 1e-6));
    backward(params, bad("NaN"));
    clipGradNorm(params, 1);
    guard.step({ loss: 2 });
    expect([...params].every(({ clipping }) => clipping === undefined)).toBe(true);
  });
});

describe("rollback", () => {
  /** A run over batches 0 to `count` without anything bad. */
  function clean(count: number, options: SpikeGuardOptions = {}) {
    const fresh = guarded(options);
    run(fresh.params, fresh.guard, good(...range(0, count)));
    return { values: values(fresh.params), inner: fresh.guard.inner.stateDict() };
  }
  const options = { policy: "rollback", stepsBack: 6, snapshotEvery: 3 } as const;

  test.each([
    [4, 0],
    [6, 0],
    [8, 0],
    [9, 3],
    [11, 3],
    [12, 6],
    [20, 12],
  ])("from step %i goes back to step %i, parameters, optimizer and medians", (at, expected) => {
    const { params, guard, events } = guarded(options);
    run(params, guard, good(...range(0, at)));
    const [report] = run(params, guard, [bad("loss")]);
    expect(report).toMatchObject({
      ...{ action: "rollback", applied: false, cause: "lossRatio", step: expected, batch: at },
      restored: { step: expected, batch: expected },
    });
    expect(report).not.toHaveProperty("skipBatches");
    expect(events).toEqual([report]);
    expect({ values: values(params), inner: guard.inner.stateDict() }).toEqual(clean(expected));
    expect([guard.steps, guard.stateDict().losses.length]).toEqual([expected, Math.min(expected, 8)]);
    // Sent again, the same batches lead to the same place as if nothing had happened.
    run(params, guard, good(...range(expected, at + 5)));
    expect({ values: values(params), inner: guard.inner.stateDict() }).toEqual(clean(at + 5));
  });

  test("a run of bad batches goes back once, and leaves out those that follow right there", () => {
    const { params, guard } = guarded(options);
    run(params, guard, good(...range(0, 13)));
    // The ring had steps 6, 9 and 12; after going back to 6, that is all it has.
    const reports = run(params, guard, [bad("norm"), bad("NaN"), bad("loss"), ...good(6, 7), bad("infinity")]);
    expect(reports.map(({ action, restored }) => [action, restored?.step])).toEqual([
      ["rollback", 6],
      ["skip", undefined],
      ["skip", undefined],
      ["step", undefined],
      ["step", undefined],
      ["rollback", 6],
    ]);
  });

  test("batches that the caller numbers are reported by its numbers", () => {
    const { params, guard } = guarded(options);
    for (const id of range(0, 10)) guard.step({ loss: backward(params, { id, kind: "good" }), batch: 100 + 2 * id });
    const report = guard.step({ loss: backward(params, bad("loss")), batch: 120 });
    // The snapshot of step 3 was taken after batch 104.
    expect(report.restored).toEqual({ step: 3, batch: 105 });
  });
});

describe("batchSkip", () => {
  const options = { policy: "batchSkip", stepsBack: 6, snapshotEvery: 3 } as const;

  test.each([
    [0, 10],
    [5, 10],
    [9, 12],
  ])("with skipBatches %i says to go on with batch %i, and ends as a run over the others", (skipBatches, to) => {
    const { params, guard, events } = guarded({ ...options, skipBatches });
    const batches = good(...range(0, 30));
    batches[9] = { id: 9, kind: "loss" };
    let batch = 0;
    while (batch < batches.length) {
      const report = guard.step({ loss: backward(params, batches[batch]!), batch });
      batch = report.skipBatches?.to ?? batch + 1;
    }
    expect(events).toMatchObject([
      { action: "batchSkip", batch: 9, restored: { step: 3, batch: 3 }, skipBatches: { from: 3, to } },
    ]);
    const other = guarded(options);
    run(other.params, other.guard, good(...range(0, 3), ...range(to, 30)));
    expect(values(params)).toEqual(values(other.params));
    expect(guard.inner.stateDict()).toEqual(other.guard.inner.stateDict());
  });

  test("batches to leave out that come all the same are left out: the stream need not be rewound or wound on", () => {
    const { params, guard, events } = guarded({ ...options, skipBatches: 10 });
    const batches = good(...range(0, 30));
    batches[9] = { id: 9, kind: "norm" };
    run(params, guard, batches);
    expect(events.map(({ batch, action, cause }) => [batch, action, cause])).toEqual([
      [9, "batchSkip", "normRatio"],
      [10, "skip", "skipBatches"],
      [11, "skip", "skipBatches"],
      [12, "skip", "skipBatches"],
    ]);
    expect(events[1]!.reason).toBe("batches 3 to 12 are to be left out");
    const other = guarded(options);
    run(other.params, other.guard, good(...range(0, 3), ...range(13, 30)));
    expect(values(params)).toEqual(values(other.params));
  });
});

describe.each([
  ...optimizers.map((Optimizer) => ({
    name: Optimizer.spec.name,
    make: (params: Parameters): Steppable<unknown> => new Optimizer(params) as Steppable<unknown>,
  })),
  {
    name: "Lookahead",
    make: (params: Parameters): Steppable<unknown> =>
      new Lookahead(new SGD(params, { momentum: 0.9 }), { k: 2 }) as Steppable<unknown>,
  },
])("around $name", ({ make }) => {
  const options = { policy: "rollback", stepsBack: 4, snapshotEvery: 2, warmup: 2, window: 4 } as const;

  test("goes back to the bits of an earlier step, and on from there as if nothing had been", () => {
    const [params, other] = [makeParameters(), makeParameters()];
    const guard = new SpikeGuard(make(params), options);
    const straight = new SpikeGuard(make(other), options);
    run(params, guard, good(...range(0, 9)));
    expect(run(params, guard, [bad("NaN")])[0]).toMatchObject({ action: "rollback", restored: { step: 4, batch: 4 } });
    run(other, straight, good(...range(0, 4)));
    expect(values(params)).toEqual(values(other));
    expect(guard.inner.stateDict()).toEqual(straight.inner.stateDict());
    run(params, guard, good(...range(4, 12)));
    run(other, straight, good(...range(4, 12)));
    expect(values(params)).toEqual(values(other));
    expect(guard.inner.stateDict()).toEqual(straight.inner.stateDict());
  });

  test("its snapshots take the bytes that are known beforehand, and no more as it runs", () => {
    const params = makeParameters();
    const inner = make(params);
    const bytes = SpikeGuard.bytes(inner, options);
    const { used } = rt.heap;
    const guard = new SpikeGuard(inner, options);
    // Three of them, of values and state; arrays start at multiples of 8 bytes.
    expect(bytes).toBeGreaterThanOrEqual(3 * (4 * params.size + inner.bytes));
    expect(bytes).toBeLessThan(3 * (4 * params.size + inner.bytes + 100));
    expect(guard.bytes).toBe(bytes + inner.bytes);
    expect(rt.heap.used - used).toBe(Math.ceil(bytes / 64) * 64);
    run(params, guard, good(0));
    const after = rt.heap.used;
    run(params, guard, [...good(...range(1, 9)), bad("NaN"), ...good(...range(9, 15))]);
    expect(rt.heap.used).toBe(after);
    guard.dispose();
    expect(() => inner.step()).toThrow(/disposed/);
  });
});

describe("state", () => {
  const batches = [
    ...good(...range(0, 7)),
    bad("loss"),
    ...good(7, 8),
    bad("NaN"),
    bad("norm"),
    ...good(...range(9, 16)),
    bad("norm"),
    ...good(...range(16, 20)),
  ];

  test.each(["skip", "clip", "rollback", "batchSkip"] as const)(
    "with %s, saved and loaded at any step, it continues bit for bit, snapshots included",
    (policy) => {
      const options = { policy, stepsBack: 4, snapshotEvery: 2, skipBatches: 3 };
      const straight = guarded(options);
      const reports = run(straight.params, straight.guard, batches);
      const saving = guarded(options);
      for (let k = 0; k < batches.length; k++) {
        const resumed = guarded(options);
        for (const { name, data } of saving.params) resumed.params.get(name).data.set(data);
        resumed.guard.loadStateDict(structuredClone(saving.guard.stateDict()));
        expect(resumed.guard.stateDict()).toEqual(saving.guard.stateDict());
        expect(run(resumed.params, resumed.guard, batches.slice(k))).toEqual(reports.slice(k));
        expect(values(resumed.params)).toEqual(values(straight.params));
        expect(resumed.guard.stateDict()).toEqual(straight.guard.stateDict());
        run(saving.params, saving.guard, batches.slice(k, k + 1));
      }
    },
  );

  test("without snapshots goes back no farther than to where it was saved", () => {
    const options = { policy: "rollback", stepsBack: 4, snapshotEvery: 2 } as const;
    const { params, guard } = guarded(options);
    run(params, guard, good(...range(0, 9)));
    const resumed = guarded(options);
    for (const { name, data } of params) resumed.params.get(name).data.set(data);
    const saved = guard.stateDict({ snapshots: false });
    expect(saved.snapshots).toEqual([]);
    resumed.guard.loadStateDict(saved);
    run(resumed.params, resumed.guard, good(9, 10));
    const [report] = run(resumed.params, resumed.guard, [bad("loss")]);
    expect(report).toMatchObject({ restored: { step: 9, batch: 9 } });
    expect(values(resumed.params)).toEqual(values(params));
  });

  test("that does not fit is refused, and nothing changes", () => {
    const { params, guard } = guarded({ policy: "rollback", stepsBack: 4, snapshotEvery: 2 });
    run(params, guard, good(...range(0, 5)));
    const saved = guard.stateDict();
    const refused = (part: object) => expect(() => guard.loadStateDict({ ...saved, ...part } as typeof saved));
    refused({ accepted: -1 }).toThrow("state.accepted: got -1");
    refused({ batch: "1" }).toThrow('state.batch: got "1"');
    refused({ consecutive: 0.5 }).toThrow("state.consecutive: got 0.5");
    refused({ skip: undefined }).toThrow("state.skip.from: got undefined");
    refused({ losses: [1, Number.NaN] }).toThrow("state.losses[1]: got NaN");
    refused({ norms: undefined }).toThrow("state.norms: got undefined, expected a list of numbers");
    refused({ snapshots: 3 }).toThrow("state.snapshots: got 3, expected a list of snapshots");
    const [first, ...others] = saved.snapshots;
    refused({ snapshots: [...others, { ...first, values: [new Float32Array(35)] }] }).toThrow(
      "state.snapshots[2].values[1]: got undefined, expected Float32Array[51]",
    );
    refused({ snapshots: [{ ...first, accepted: -1 }] }).toThrow("state.snapshots[0].accepted: got -1");
    const foreign = { ...first!.inner, optimizer: "SGD" };
    refused({ snapshots: [first, { ...first, inner: foreign }] }).toThrow('state.optimizer: got "SGD"');
    refused({ inner: { ...saved.inner, optimizer: "SGD" } }).toThrow('state.optimizer: got "SGD"');
    expect(() => guard.loadStateDict(null as unknown as typeof saved)).toThrow("state: got null");
    expect(guard.stateDict()).toEqual(saved);
  });
});

test("a step that the optimizer itself leaves out is not accepted", () => {
  const params = makeParameters();
  let applied = false;
  const sgd = new SGD(params);
  const reluctant = {
    ...{ groups: sgd.groups, steps: 0, bytes: 0, zeroGrad: () => {}, dispose: () => {} },
    step: () => (applied ? sgd.step() : { step: 0, applied: false, reason: "not today" }),
    stateDict: () => sgd.stateDict(),
    loadStateDict: () => {},
  };
  const guard = new SpikeGuard(reluctant, { policy: "rollback" });
  expect(run(params, guard, good(0))[0]).toMatchObject({ action: "skip", cause: "optimizer", reason: "not today" });
  expect(guard.stateDict()).toMatchObject({ accepted: 0, losses: [], batch: 1 });
  applied = true;
  expect(run(params, guard, good(1))[0]).toMatchObject({ action: "step", step: 1 });
});

test("frozen parameters are not looked at", () => {
  const { params, guard } = guarded({ maxNorm: 10 });
  params.get("u").frozen = true;
  expect(run(params, guard, [bad("NaN")])[0]).toMatchObject({ action: "step" });
});

test("norms that are asked for are those of the step that is taken, and change no bit of it", () => {
  const [plain, measured] = [guarded(), guarded()];
  for (const id of range(0, 6)) {
    plain.guard.step({ loss: backward(plain.params, { id, kind: "good" }) });
    const report = measured.guard.step({ loss: backward(measured.params, { id, kind: "good" }), norms: "groups" });
    expect(report.updateNorm).toBeGreaterThan(0);
    expect(report.groupNorms).toHaveLength(1);
  }
  expect(values(measured.params)).toEqual(values(plain.params));
  const skipped = measured.guard.step({ loss: backward(measured.params, bad("NaN")), norms: true });
  expect([skipped.action, skipped.updateNorm]).toEqual(["skip", undefined]);
  const never = guarded();
  expect(() => never.guard.step({ loss: 1, norms: "all" as never })).toThrow(/norms.*"all"/);
  expect(never.guard.stateDict().batch).toBe(0);
});

test("with strict: false, the optimizer inside takes what there is, and with a state that it refuses nothing changes", () => {
  const make = (momentum: number) => {
    const params = makeParameters();
    return { params, guard: new SpikeGuard(new SGD(params, { momentum })) };
  };
  const [plain, heavy] = [make(0), make(0.9)];
  run(plain.params, plain.guard, good(1, 2, 3));
  const saved = plain.guard.stateDict();
  expect(() => heavy.guard.loadStateDict(saved)).toThrow("missing w/momentum_buffer");
  expect([heavy.guard.steps, heavy.guard.stateDict().batch]).toEqual([0, 0]);
  expect(heavy.guard.loadStateDict(saved, { strict: false })).toMatchObject({
    missing: ["w/momentum_buffer", "u/momentum_buffer"],
  });
  expect([heavy.guard.steps, heavy.guard.stateDict().batch]).toEqual([3, 3]);
});

test("options and arguments are checked before anything is allocated or written", () => {
  const params = makeParameters();
  const inner = new SGD(params);
  const { used } = rt.heap;
  const refused = (options: object) => expect(() => new SpikeGuard(inner, options));
  refused({ policy: "ignore" }).toThrow(
    'policy: got "ignore", expected one of "skip", "clip", "rollback", "batchSkip"',
  );
  refused({ window: 0 }).toThrow("window: got 0");
  refused({ window: 4, warmup: 5 }).toThrow("warmup: got 5, expected a whole number in [1, 4]");
  refused({ lossRatio: 1 }).toThrow("lossRatio: got 1, expected a number in (1, inf]");
  refused({ normRatio: 0 }).toThrow("normRatio: got 0");
  refused({ maxNorm: 0 }).toThrow("maxNorm: got 0");
  refused({ clipRatio: Infinity }).toThrow("clipRatio: got Infinity");
  refused({ stepsBack: 0 }).toThrow("stepsBack: got 0");
  refused({ snapshotEvery: 1.5 }).toThrow("snapshotEvery: got 1.5");
  refused({ skipBatches: -1 }).toThrow("skipBatches: got -1");
  refused({ onEvent: 1 }).toThrow("onEvent: got 1, expected a function");
  refused({ patience: 1 }).toThrow("SpikeGuard.patience");
  expect(() => new SpikeGuard(Object.create(inner, { groups: { value: [] } }) as typeof inner)).toThrow(
    "inner.groups: got [], expected at least one parameter",
  );
  expect(rt.heap.used).toBe(used);
  const guard = new SpikeGuard(inner);
  expect(guard.bytes).toBe(0);
  expect(() => guard.step({ loss: "2" as unknown as number })).toThrow('loss: got "2", expected a number');
  expect(() => guard.step({ loss: 2, batch: -1 })).toThrow("batch: got -1");
  expect(guard.steps).toBe(0);
});
