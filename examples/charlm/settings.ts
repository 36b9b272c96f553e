/** What the user decides, and what follows from it. */
import type { LoadOptions, SpikePolicy } from "simd-optim";
import type { Corpus } from "../support/corpus.ts";
import { DEFAULT_OPTIMIZER, type OptimizerClass } from "../support/optimizers.ts";
import type { RecorderOptions } from "./recorder.ts";
import { BATCH } from "./training.ts";

export interface Settings extends RecorderOptions {
  /** A file; the package's own documentation without one. */
  readonly text?: string;
  readonly optimizer: OptimizerClass;
  /** The optimizers to compare, instead of training with one. */
  readonly compare?: readonly OptimizerClass[];
  /** How long to train; as long as suits the text, without it. */
  readonly steps?: number;
  readonly backend: NonNullable<LoadOptions["backend"]>;
  readonly seed: number;
  /** The peak of the learning rate the user asked for, which an optimizer without one does not use. */
  readonly lr?: number;
  /** The learning rate as an expression, in place of the usual schedule. */
  readonly schedule?: string;
  /** Batches whose mean gradient makes a step. */
  readonly accumulate: number;
  readonly spikes: SpikePolicy | "none";
  /** The file that the run is saved to. */
  readonly checkpoint?: string;
  /** Whether to go on with what was saved there. */
  readonly resume?: true;
  /** Steps from one save to the next. */
  readonly saveEvery: number;
  readonly benchSizes: readonly number[];
  /** Expressions of schedules to draw, instead of training. */
  readonly plotSchedule?: readonly string[];
  /** The folder of the report. */
  readonly out: string;
  /** The command line that says all this. */
  readonly argv: readonly string[];
}

/** The learning rate of the default optimizer that suits this model better than the optimizer's own default. */
export const DEFAULT_RATE = 0.003;
/** Fewest and most steps without being asked for any. */
export const FEWEST_STEPS = 1000;
export const ENOUGH_STEPS = 8000;
const PASSES = 10;

/** The learning rate that is not to be found by trial, if there is one. */
export function askedRate({ optimizer, compare, lr }: Settings): number | undefined {
  return lr ?? (!compare && optimizer.spec.name === DEFAULT_OPTIMIZER ? DEFAULT_RATE : undefined);
}

/**
 * How long to train: unless the user says, so long that the model learns much and does not yet learn by heart; several
 * optimizers share what one may take.
 */
export function stepsFor({ steps, compare, accumulate }: Settings, { train }: Corpus): number {
  const suitable = 100 * Math.round((PASSES * train.length) / (BATCH * accumulate) / 100);
  const most = 100 * Math.round(ENOUGH_STEPS / (compare?.length ?? 1) / 100);
  return steps ?? Math.min(Math.max(suitable, FEWEST_STEPS), most);
}
