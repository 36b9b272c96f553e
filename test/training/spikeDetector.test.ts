import { describe, expect, test } from "vitest";
import { RunningMedian } from "../../src/training/median.ts";
import { SpikeDetector } from "../../src/training/spikeDetector.ts";

describe("RunningMedian", () => {
  test("is over the last numbers of the window, and the mean of the two in the middle of an even count", () => {
    const median = new RunningMedian(4);
    const seen = [5, 1, 10, 2, 100, 3].map((value) => {
      median.push(value);
      return median.value;
    });
    expect(seen).toEqual([5, 3, 5, 3.5, 6, 6.5]);
    expect([median.values, median.count]).toEqual([[10, 2, 100, 3], 4]);
  });

  test("of nothing is NaN, and assigned numbers are cut to the window", () => {
    const median = new RunningMedian(2);
    expect(median.value).toBeNaN();
    median.values = [1, 2, 3];
    expect(median.values).toEqual([2, 3]);
  });

  test("orders numbers as numbers", () => {
    const median = new RunningMedian(3);
    median.values = [10, 9, -1];
    expect(median.value).toBe(9);
  });
});

describe("SpikeDetector", () => {
  const warm = (thresholds = {}) => {
    const detector = new SpikeDetector({ window: 4, warmup: 2, ...thresholds });
    for (const i of [1, 2, 3]) detector.accept(i, 10 * i);
    return detector;
  };

  test.each([
    [6, 100, undefined, undefined],
    [6.1, 100, undefined, "lossRatio"],
    [6, 100.1, undefined, "normRatio"],
    [6, 400.1, undefined, "maxNorm"],
    [Number.NaN, 1, undefined, "nonFinite"],
    [-Infinity, 1, undefined, "nonFinite"],
    [2, Number.NaN, "w[0] = NaN", "nonFinite"],
    [-50, 1, undefined, undefined],
  ])("with medians 2 and 20, loss %d and norm %d are %s %s", (loss, norm, nonFinite, cause) => {
    expect(warm({ maxNorm: 400 }).judge(loss, norm, nonFinite)?.cause).toBe(cause);
  });

  test("a ratio of Infinity never tells a spike", () => {
    const detector = warm({ lossRatio: Infinity, normRatio: Infinity });
    expect(detector.judge(1e300, 1e300, undefined)).toBeUndefined();
  });

  test("limits to a multiple of the median, once there is one, and to the largest norm", () => {
    expect(new SpikeDetector({}).limit(2)).toBe(Infinity);
    expect(new SpikeDetector({ maxNorm: 7 }).limit(2)).toBe(7);
    expect(warm().limit(2)).toBe(40);
    expect(warm({ maxNorm: 7 }).limit(2)).toBe(7);
  });
});
