import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { AdamW } from "../../src/optim/adam.ts";
import { load } from "../../src/tensor/runtime.ts";
import { steps } from "../../src/training/steps.ts";
import { bitsOf } from "../support/runtimes.ts";

async function collect(options: Parameters<typeof steps>[0]): Promise<number[]> {
  const seen: number[] = [];
  for await (const step of steps(options)) seen.push(step);
  return seen;
}

describe("steps", () => {
  test("count from where they are told to up to the total", async () => {
    expect(await collect({ total: 3 })).toEqual([0, 1, 2]);
    expect(await collect({ from: 2, total: 4 })).toEqual([2, 3]);
    expect(await collect({ from: 4, total: 4 })).toEqual([]);
  });

  test("end before the first step if already told to stop", async () => {
    expect(await collect({ total: 3, signal: AbortSignal.abort() })).toEqual([]);
  });

  test("let timers through, even where the body never waits", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 0);
    let count = 0;
    for await (const _ of steps({ total: Number.MAX_SAFE_INTEGER, signal: controller.signal, hold: 1 })) count++;
    expect(count).toBeGreaterThan(0);
  });

  test("finish the step that a signal comes in, and a run that goes on from there ends in the same bits", async () => {
    const rt = await load();
    const start = () => {
      const params = rt.parameters({ w: [64] });
      return { params, opt: new AdamW(params) };
    };
    type Run = ReturnType<typeof start>;
    const train = async ({ params, opt }: Run, signal?: AbortSignal, during?: (step: number) => void) => {
      for await (const step of steps({ from: opt.steps, total: 20, ...(signal ? { signal } : {}) })) {
        params.get("w").grad.fill(Math.fround(1 / (step + 1)));
        during?.(step);
        await sleep(0);
        opt.step();
      }
    };
    const straight = start();
    await train(straight);
    const controller = new AbortController();
    const stopped = start();
    await train(stopped, controller.signal, (step) => step === 7 && controller.abort());
    expect(stopped.opt.steps).toBe(8);
    const resumed = start();
    resumed.params.get("w").data.set(stopped.params.get("w").data);
    resumed.opt.loadStateDict(stopped.opt.stateDict());
    await train(resumed);
    expect(bitsOf(resumed.params.get("w").data)).toEqual(bitsOf(straight.params.get("w").data));
  });

  test("refuse bad options", async () => {
    await expect(collect({ total: 1.5 })).rejects.toThrow("total: got 1.5, expected a whole number in [0, inf)");
    await expect(collect({ total: 1, from: -1 })).rejects.toThrow("from: got -1");
    await expect(collect({ total: 1, hold: Number.NaN })).rejects.toThrow("hold: got NaN");
    await expect(collect({ total: 1, signal: {} as AbortSignal })).rejects.toThrow("signal: got");
    await expect(collect({ total: 1, upTo: 2 } as object as { total: number })).rejects.toThrow("steps.upTo");
  });
});
