import { describe, expect, test } from "vitest";
import { clipGradNorm } from "../../src/gradients/clip.ts";
import { jsonLines } from "../../src/monitor/jsonLines.ts";
import { Monitor, type MonitorOptions, type Sink } from "../../src/monitor/monitor.ts";
import { AdamW } from "../../src/optim/adam.ts";
import type { StepReport } from "../../src/optim/define/stepReport.ts";
import { load } from "../../src/tensor/runtime.ts";

const rt = await load();

/** A monitor whose clock the test moves. */
function clocked(options: MonitorOptions = {}) {
  const clock = { now: 5000 };
  const monitor = new Monitor({ now: () => clock.now, wallClock: () => 1_700_000_000_500, ...options });
  const record = (milliseconds: number, report: Partial<StepReport>, facts = {}) => {
    clock.now += milliseconds;
    return monitor.record({ step: 1, applied: true, ...report }, facts);
  };
  return { monitor, clock, record };
}

describe("Monitor", () => {
  test("records what a step reports, and what follows from it", () => {
    const params = rt.parameters({ w: [3, 4], b: [4] });
    params.get("w").data.fill(1);
    for (const { grad } of params) grad.fill(0.5);
    const opt = new AdamW(params, { lr: 0.25, weightDecay: 0 });
    const { monitor, clock } = clocked({ flopsPerStep: 6e9, peakFlops: 1e11 });
    clipGradNorm(params, 1);
    clock.now += 200;
    const record = monitor.record(opt.step({ norms: true }), { loss: 2, tokens: 1000, samples: 10, metrics: { a: 7 } });
    // The first step of AdamW moves every element by lr.
    const near = (x: number) => expect.closeTo(x, 5);
    expect(record).toEqual({
      step: 1,
      loss: 2,
      perplexity: near(Math.exp(2)),
      lr: 0.25,
      gradNorm: 2,
      updateNorm: near(1),
      paramNorm: near(Math.sqrt(12 * 0.75 ** 2 + 4 * 0.25 ** 2)),
      updateRatio: near(1 / Math.sqrt(7)),
      clip: near(0.5),
      clipRate: 1,
      skipped: 0,
      nonFinite: 0,
      seconds: 0.2,
      tokensPerSecond: 5000,
      samplesPerSecond: 50,
      mfu: near(0.3),
      metrics: { a: 7 },
    });
  });

  test("leaves out what is not known", () => {
    const { record } = clocked();
    expect(record(1, {})).toEqual({ step: 1, skipped: 0, nonFinite: 0, seconds: 0.001 });
  });

  test("takes rates over recent steps, and clipping with a coefficient of 0 or NaN counts as clipping", () => {
    const { record } = clocked({ window: 3, flopsPerStep: 1, peakFlops: 10 });
    const rates = [1, 0.5, 0, Number.NaN, 1, 1].map((clip, i) => {
      const { clipRate, tokensPerSecond, mfu } = record(100 * (i + 1), { clip }, { tokens: 60 });
      return [clipRate, tokensPerSecond, mfu].map((x) => Number(x!.toFixed(6)));
    });
    expect(rates).toEqual([
      [0, 600, 1],
      [0.5, 400, 0.666667],
      [0.666667, 300, 0.5],
      [1, 200, 0.333333],
      [0.666667, 150, 0.25],
      [0.333333, 120, 0.2],
    ]);
  });

  test("does not count time before the clock is reset", () => {
    const { monitor, clock, record } = clocked();
    clock.now += 60_000;
    monitor.resetClock();
    expect(record(250, {}).seconds).toBe(0.25);
  });

  test("counts steps left out, and those whose gradients or loss are not finite", () => {
    const { record } = clocked();
    record(1, {}, { loss: 1 });
    record(1, { applied: false, reason: "lr is 0" });
    record(1, { applied: false, nonFinite: "fc.weight" });
    record(1, { gradNorm: Infinity, clip: 0 });
    expect(record(1, {}, { loss: Number.NaN })).toMatchObject({ skipped: 2, nonFinite: 3, perplexity: Number.NaN });
  });

  test("perplexity overflows to infinity, not before float64 does", () => {
    const { record } = clocked();
    expect(record(1, {}, { loss: 709.7 }).perplexity! / Math.exp(709.7)).toBeCloseTo(1, 10);
    expect(record(1, {}, { loss: 709.8 }).perplexity).toBe(Infinity);
    expect(record(1, {}, { loss: 1e6 }).perplexity).toBe(Infinity);
    expect(record(1, {}, { loss: 0 }).perplexity).toBe(1);
  });

  test("hands numbers to sinks by name, those of groups and parameters after a slash", () => {
    const calls: Parameters<Sink>[] = [];
    const { record } = clocked({ sinks: [(...call) => calls.push(call)] });
    const norms = { gradNorm: 1, updateNorm: 2, paramNorm: 4 };
    record(
      2,
      { step: 3, ...norms, groupNorms: [norms], parameterNorms: { "fc.weight": norms } },
      { metrics: { x: 9 } },
    );
    const numbers = { skipped: 0, nonFinite: 0, seconds: 0.002, ...norms, updateRatio: 0.5, x: 9 };
    const parts = ["group 0", "fc.weight"].flatMap((name) =>
      Object.entries(norms).map(([k, v]) => [`${k}/${name}`, v]),
    );
    expect(calls).toEqual([[{ ...numbers, ...Object.fromEntries(parts) }, 3, 1_700_000_000.5]]);
  });

  test("calls every sink even if one throws, and lets no sink change what another gets", () => {
    const seen: unknown[] = [];
    const sinks: Sink[] = [
      (metrics) => {
        metrics["seconds"] = -1;
        throw new Error("disk full");
      },
      ({ seconds }) => seen.push(seconds),
    ];
    const { record } = clocked({ sinks });
    expect(() => record(1, {})).toThrow("disk full");
    expect(seen).toEqual([0.001]);
  });

  test("resumes with its counts and rates", () => {
    const [straight, resumed] = [clocked({ window: 2 }), clocked({ window: 2 })];
    straight.record(100, { applied: false }, { tokens: 10 });
    straight.record(300, { clip: 0.5 }, { tokens: 10 });
    resumed.clock.now += 1e6;
    resumed.monitor.loadStateDict(JSON.parse(JSON.stringify(straight.monitor.stateDict())));
    const records = [straight, resumed].map(({ record }) => record(200, { clip: 1 }, { tokens: 10 }));
    expect(records[0]).toMatchObject({ skipped: 1, clipRate: 0.5, tokensPerSecond: 40 });
    expect(records[1]).toEqual(records[0]);
  });

  test("refuses bad input before anything is counted or written", () => {
    const calls: unknown[] = [];
    const { monitor, record } = clocked({ sinks: [(metrics) => calls.push(metrics)] });
    const before = monitor.stateDict();
    expect(() => record(1, {}, { loss: "1" })).toThrow('loss: got "1", expected a number');
    expect(() => record(1, {}, { tokens: -1 })).toThrow("tokens: got -1");
    expect(() => record(1, {}, { samples: Number.NaN })).toThrow("samples: got NaN");
    expect(() => record(1, {}, { metrics: { a: "b" } })).toThrow('metrics.a: got "b", expected a number');
    expect(() => record(1, {}, { metrics: { lr: 1 } })).toThrow("metrics.lr: got");
    expect(() => record(1, {}, { los: 1 })).toThrow("facts.los: got");
    expect(() => record(1, { step: -1 })).toThrow("report.step: got -1");
    expect(() => monitor.record(undefined as never)).toThrow("report: got undefined, expected what step() returned");
    expect(() => monitor.loadStateDict({ ...before, recent: [{}] as never })).toThrow("state.recent[0].seconds");
    expect(monitor.stateDict()).toEqual(before);
    expect(calls).toEqual([]);
    expect(() => new Monitor({ window: 0 })).toThrow("window: got 0");
    expect(() => new Monitor({ flopsPerStep: 1 })).toThrow("expected both or neither");
    expect(() => new Monitor({ sinks: [3] as never })).toThrow("sinks[0]: got 3, expected a function");
    expect(() => new Monitor({ now: 3 as never })).toThrow("now: got 3");
    expect(() => new Monitor({ sink: [] } as never)).toThrow("Monitor.sink: got");
  });
});

describe("jsonLines", () => {
  const metrics = { loss: 1.5, bad: Number.NaN, high: Infinity, low: -Infinity };
  const written = (options = {}) => {
    const lines: string[] = [];
    const sink = jsonLines((text) => lines.push(text), options);
    sink(metrics, 3, 1_700_000_000.5);
    sink({}, 4, 0);
    return lines.join("");
  };

  test("writes an object a line, and what JSON does not have as strings that Number reads back", () => {
    expect(written()).toBe(
      '{"step":3,"time":1700000000.5,"loss":1.5,"bad":"NaN","high":"Infinity","low":"-Infinity"}\n{"step":4,"time":0}\n',
    );
    const { bad, high, low } = JSON.parse(written().split("\n")[0]!);
    expect([bad, high, low].map(Number)).toEqual([Number.NaN, Infinity, -Infinity]);
  });

  test("or as null", () => {
    expect(written({ nonFinite: "null" })).toContain('"bad":null,"high":null,"low":null');
  });

  test("refuses bad options", () => {
    expect(() => jsonLines(3 as never)).toThrow("write: got 3");
    expect(() => written({ nonFinite: "skip" })).toThrow('nonFinite: got "skip"');
    expect(() => written({ indent: 2 })).toThrow("jsonLines.indent");
  });
});
