/**
 * Short trials that find a learning rate. Taken is the one below the best of them, because a short trial favours larger
 * steps than a long run can settle with: after 2,000 steps nearly every optimizer had a lower held-out loss with it
 * than with the rate that was best after 200.
 */
import { type Runtime, steps as stepsOf } from "simd-optim";
import type { Corpus } from "../support/corpus.ts";
import { defaultRate } from "../support/optimizers.ts";
import { type Recipe, Trainer } from "./training.ts";

export interface Trial {
  readonly rate: number;
  /** The mean loss of the last quarter of its batches. */
  readonly loss: number;
}

const TRIAL_STEPS = 200;
/** Neighbours of the default that are tried at most, in either direction. */
const FARTHEST = 8;
export const MOST_TRIALS = FARTHEST + 2;

/** A learning rate, and how it was found. */
export interface Choice {
  /** The peak of the learning rate; undefined for an optimizer that has none or sets it itself. */
  readonly rate: number | undefined;
  /** By rising rate; empty if it did not take any. */
  readonly trials: readonly Trial[];
}

/** The rate asked for or, where none is, one found by trial: nothing for an optimizer without one. */
export async function chooseRate(
  runtime: Runtime,
  corpus: Corpus,
  recipe: Omit<Recipe, "rate">,
  asked: number | undefined,
  advance: (trials: number) => void,
  signal: AbortSignal,
): Promise<Choice> {
  const { optimizer } = recipe;
  const start = defaultRate(optimizer);
  if (!("lr" in optimizer.spec.options)) return { rate: undefined, trials: [] };
  if (asked !== undefined || start === undefined) return { rate: asked, trials: [] };
  const steps = Math.min(TRIAL_STEPS, recipe.steps);
  const tried = async (rate: number): Promise<Trial> => {
    const trainer = new Trainer(runtime, corpus, { ...recipe, steps, rate });
    return { rate, loss: await lossAfter(trainer, steps, signal) };
  };
  const trials = await climb(start, tried, advance);
  const best = trials.reduce((best, { loss }, i) => (loss < trials[best]!.loss ? i : best), 0);
  return { rate: trials[Math.max(best - 1, 0)]!.rate, trials };
}

/**
 * Tries the default of the optimizer, then larger rates, each about three times the last, for as long as that helps; if
 * it does not help at all, smaller ones. All start from the same parameters and see the same batches.
 */
async function climb(
  start: number,
  tried: (rate: number) => Promise<Trial>,
  advance: (trials: number) => void,
): Promise<Trial[]> {
  const trials = [await tried(start)];
  advance(trials.length);
  let best = trials[0]!;
  for (const direction of [1, -1]) {
    for (let power = 1; power <= FARTHEST; power++) {
      const trial = await tried(Number((start * 10 ** ((direction * power) / 2)).toPrecision(2)));
      trials.push(trial);
      advance(trials.length);
      if (!(trial.loss < best.loss)) break;
      best = trial;
    }
    if (best.rate > start) break;
  }
  return trials.sort((a, b) => a.rate - b.rate);
}

/** Trains, and returns the mean loss of the last quarter of the batches; infinity if training diverges. */
async function lossAfter(trainer: Trainer, steps: number, signal: AbortSignal): Promise<number> {
  const counted = Math.ceil(steps / 4);
  let sum = 0;
  for await (const step of stepsOf({ total: steps, signal })) {
    const { loss } = trainer.step();
    if (!Number.isFinite(loss)) return Number.POSITIVE_INFINITY;
    if (step >= steps - counted) sum += loss;
  }
  signal.throwIfAborted();
  return sum / counted;
}
