import { checkInteger, checkNumber, refuse } from "../core/check.ts";
import { RunningMedian } from "./median.ts";

/** What counts as a spike. */
export interface SpikeThresholds {
  /** Accepted steps that the medians are over; 128 unless it is given. */
  window?: number;
  /** Accepted steps before ratios to a median are looked at; 16, or `window` where that is less, unless it is given. */
  warmup?: number;
  /** A loss above this multiple of the median is a spike, Infinity for never; 3 unless it is given. */
  lossRatio?: number;
  /** A gradient norm above this multiple of the median is a spike, Infinity for never; 5 unless it is given. */
  normRatio?: number;
  /** A gradient norm above this is a spike, from the first step on; Infinity unless it is given. */
  maxNorm?: number;
}

/** Why a batch is bad. */
export interface Spike {
  /** The test that it failed. */
  readonly cause: "nonFinite" | "lossRatio" | "maxNorm" | "normRatio";
  /** The cause in words and numbers. */
  readonly reason: string;
}

/** Losses and norms of the last accepted steps, oldest first. */
export interface SpikeStatistics {
  /** Losses of the last accepted steps. */
  readonly losses: readonly number[];
  /** Gradient norms of the last accepted steps. */
  readonly norms: readonly number[];
}

/** Tells losses and gradient norms that are out of line with those of the last accepted steps. */
export class SpikeDetector {
  readonly #losses: RunningMedian;
  readonly #norms: RunningMedian;
  readonly #warmup: number;
  readonly #lossRatio: number;
  readonly #normRatio: number;
  readonly #maxNorm: number;

  constructor(thresholds: SpikeThresholds) {
    const { window = 128, lossRatio = 3, normRatio = 5, maxNorm = Infinity } = thresholds;
    checkInteger("window", window, "[1, inf)");
    const { warmup = Math.min(16, window) } = thresholds;
    checkInteger("warmup", warmup, `[1, ${window}]`);
    checkNumber("lossRatio", lossRatio, "(1, inf]");
    checkNumber("normRatio", normRatio, "(1, inf]");
    checkNumber("maxNorm", maxNorm, "(0, inf]");
    this.#losses = new RunningMedian(window);
    this.#norms = new RunningMedian(window);
    this.#warmup = warmup;
    this.#lossRatio = lossRatio;
    this.#normRatio = normRatio;
    this.#maxNorm = maxNorm;
  }

  /** What is wrong with a batch, the worst first; `nonFinite` names an element where its norm is not finite. */
  judge(loss: number, norm: number, nonFinite: string | undefined): Spike | undefined {
    if (!Number.isFinite(loss)) return { cause: "nonFinite", reason: `the loss is ${loss}` };
    if (nonFinite !== undefined) return { cause: "nonFinite", reason: `the gradient is not finite: ${nonFinite}` };
    const ofLoss = this.#compare("loss", loss, this.#losses, this.#lossRatio);
    if (ofLoss) return { cause: "lossRatio", reason: ofLoss };
    if (norm > this.#maxNorm) {
      return { cause: "maxNorm", reason: `the gradient norm ${norm} is above ${this.#maxNorm}` };
    }
    const ofNorm = this.#compare("gradient norm", norm, this.#norms, this.#normRatio);
    return ofNorm ? { cause: "normRatio", reason: ofNorm } : undefined;
  }

  /** The norm that is `ratio` times the median, as far as one is known, and at most the largest allowed. */
  limit(ratio: number): number {
    const median = this.#norms.count < this.#warmup ? Infinity : ratio * this.#norms.value;
    return Math.min(median, this.#maxNorm);
  }

  /** Takes in an accepted step; its loss is left out where it was a spike. */
  accept(loss: number | undefined, norm: number): void {
    if (loss !== undefined) this.#losses.push(loss);
    this.#norms.push(norm);
  }

  get statistics(): SpikeStatistics {
    return { losses: this.#losses.values, norms: this.#norms.values };
  }

  set statistics({ losses, norms }: SpikeStatistics) {
    this.#losses.values = losses;
    this.#norms.values = norms;
  }

  /** Why a value is a spike, if it is one. A median that is not positive says nothing of ratios. */
  #compare(what: string, value: number, { count, value: median }: RunningMedian, ratio: number): string | undefined {
    if (count < this.#warmup || !(median > 0) || !(value > ratio * median)) return undefined;
    return `the ${what} ${value} is above ${ratio} times ${median}, its median over ${count} steps`;
  }
}

/** Refuses what are not statistics. */
export function checkStatistics(argument: string, { losses, norms }: SpikeStatistics): void {
  for (const [key, values] of Object.entries({ losses, norms })) {
    if (!Array.isArray(values)) refuse(`${argument}.${key}`, values, "a list of numbers");
    for (const [i, value] of values.entries()) checkNumber(`${argument}.${key}[${i}]`, value, "(-inf, inf)");
  }
}
