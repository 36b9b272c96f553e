import Benchmark from "benchmark";
import { interleave, type Spread } from "./spread.ts";
import type { Entrant } from "./verify.ts";

/** How long to measure; the names are Benchmark.js's, times are seconds. */
export interface Effort {
  /** Times that the backends take turns. */
  readonly rounds: number;
  /** Samples of a turn, at least. */
  readonly minSamples: number;
  /** A turn ends after this, if it has its samples. */
  readonly maxTime: number;
}

/** A sample is at most this long: more samples say more than longer ones. */
const LONGEST_SAMPLE = 0.01;
/** Seconds of a turn that Benchmark.js spends on itself: it compiles every sample anew. */
const OVERHEAD = 0.03;

/** The `maxTime` that makes a turn last about `seconds` in all. */
export function maxTimeWithin(seconds: number): number {
  return Math.max(0.01, 0.75 * (seconds - OVERHEAD));
}

/** Seconds of one run of each entrant. */
export function measure(entrants: readonly Entrant[], { rounds, minSamples, maxTime }: Effort): Spread[] {
  const minTime = Math.min(LONGEST_SAMPLE, maxTime / (2 * minSamples));
  const turns = entrants.map(({ trial }) => () => {
    // Anew in each turn, since values drift where a kernel runs over its own results.
    trial.fill();
    const benchmark = new Benchmark({ fn: () => trial.run(), minSamples, minTime, maxTime }).run();
    if (benchmark.error) throw benchmark.error;
    return benchmark.stats.sample as number[];
  });
  return interleave(rounds, ...turns);
}
