/** What happened in training, as figures and reports need it and checkpoints keep it. */

import type { Point } from "../support/curves.ts";
import { BAD_INPUT, Failure } from "../support/failure.ts";
import { anyNumber, arrayOf, fields, list, text, whole } from "../support/shape.ts";
import { CHECKED_STEPS, isSpike, type Trainer, type TrainingReport } from "./training.ts";

/** A step in which the guard against spikes acted, or which was left out. */
export interface GuardEvent {
  readonly step: number;
  readonly action: string;
  readonly reason: string;
}

interface HistoryState {
  readonly losses: Float64Array;
  readonly rates: Float64Array;
  readonly gradNorms: Float64Array;
  readonly heldOut: readonly Point[];
  readonly spikes: readonly GuardEvent[];
  readonly leftOut: readonly GuardEvent[];
  readonly early: Uint32Array;
}

const EVENTS = list(fields<GuardEvent>({ step: whole(1), action: text, reason: text }));
const SERIES = arrayOf(Float64Array);

const SAVED_HISTORY = fields<HistoryState>({
  losses: SERIES,
  rates: SERIES,
  gradNorms: SERIES,
  heldOut: list(fields<Point>({ step: whole(0), loss: anyNumber })),
  spikes: EVENTS,
  leftOut: EVENTS,
  early: arrayOf(Uint32Array),
});

/** Grows step by step, and is the same for a run that was interrupted and one that was not, but for `here`. */
export class History {
  /** The loss of each batch, before its step. */
  readonly losses: number[] = [];
  /** The learning rate of each step: NaN where there was none, or where the step was left out. */
  readonly rates: number[] = [];
  /** The norm of the gradients of each step, before clipping. */
  readonly gradNorms: number[] = [];
  /** The held-out loss after so many steps; first after 0, last after all. */
  readonly heldOut: Point[] = [];
  /** The batches that were out of line. */
  readonly spikes: GuardEvent[] = [];
  /** The steps that were left out for another reason. */
  readonly leftOut: GuardEvent[] = [];
  /** The bits of the parameters after `CHECKED_STEPS` steps, or after the last if there are fewer. */
  early: Uint32Array = new Uint32Array(0);
  /** What this process did of it. */
  here = { steps: 0, seconds: 0 };

  get steps(): number {
    return this.losses.length;
  }

  add(report: TrainingReport): void {
    const { loss, lr, gradNorm, applied, action = "skip", reason = "" } = report;
    this.losses.push(loss);
    this.rates.push(lr ?? Number.NaN);
    this.gradNorms.push(gradNorm ?? Number.NaN);
    const event = { step: this.steps, action, reason };
    if (isSpike(report)) this.spikes.push(event);
    else if (!applied) this.leftOut.push(event);
    this.here.steps++;
  }

  /** Measures the loss on the held-out text. */
  evaluate(trainer: Trainer): number {
    const loss = trainer.heldOutLoss();
    this.heldOut.push({ step: this.steps, loss });
    return loss;
  }

  /** Keeps the parameters for the cross-check, if this is where it ends. */
  keepEarly(trainer: Trainer, total: number): void {
    if (this.steps === Math.min(CHECKED_STEPS, total)) this.early = trainer.bits();
  }

  stateDict(): HistoryState {
    const { losses, rates, gradNorms, heldOut, spikes, leftOut, early } = this;
    return {
      losses: Float64Array.from(losses),
      rates: Float64Array.from(rates),
      gradNorms: Float64Array.from(gradNorms),
      heldOut: [...heldOut],
      spikes: [...spikes],
      leftOut: [...leftOut],
      early,
    };
  }

  loadStateDict(saved: HistoryState): void {
    const problem = SAVED_HISTORY(saved, "history");
    if (problem !== undefined) throw new Failure(`the history of the run is damaged: ${problem}`, BAD_INPUT);
    const { losses, rates, gradNorms, heldOut, spikes, leftOut, early } = saved;
    if (![rates, gradNorms].every(({ length }) => length === losses.length)) {
      throw new Failure("the history of the run is damaged: its arrays are not of one length", BAD_INPUT);
    }
    replace(this.losses, losses);
    replace(this.rates, rates);
    replace(this.gradNorms, gradNorms);
    replace(this.heldOut, heldOut);
    replace(this.spikes, spikes);
    replace(this.leftOut, leftOut);
    this.early = early.slice();
  }
}

function replace<T>(list: T[], values: Iterable<T>): void {
  list.length = 0;
  for (const value of values) list.push(value);
}
