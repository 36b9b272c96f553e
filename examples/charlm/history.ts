/** What happened in training, as figures and reports need it and checkpoints keep it. */
import { BAD_INPUT, Failure } from "./failure.ts";
import { CHECKED_STEPS, type Trainer, type TrainingReport } from "./training.ts";

/** A step in which the guard against spikes acted. */
export interface SpikeEvent {
  readonly step: number;
  readonly action: string;
  readonly reason: string;
}

interface HistoryState {
  readonly losses: Float64Array;
  readonly rates: Float64Array;
  readonly gradNorms: Float64Array;
  readonly heldOut: readonly { readonly step: number; readonly loss: number }[];
  readonly spikes: readonly SpikeEvent[];
  readonly early: Uint32Array;
}

/** Grows step by step, and is the same for a run that was interrupted and one that was not, but for `here`. */
export class History {
  /** The loss of each batch, before its step. */
  readonly losses: number[] = [];
  /** The learning rate of each step: NaN where there was none, or where the step was left out. */
  readonly rates: number[] = [];
  /** The norm of the gradients of each step, before clipping. */
  readonly gradNorms: number[] = [];
  /** The held-out loss after so many steps; first after 0, last after all. */
  readonly heldOut: { readonly step: number; readonly loss: number }[] = [];
  readonly spikes: SpikeEvent[] = [];
  /** The bits of the parameters after `CHECKED_STEPS` steps, or after the last if there are fewer. */
  early: Uint32Array = new Uint32Array(0);
  /** What this process did of it. */
  here = { steps: 0, seconds: 0 };

  get steps(): number {
    return this.losses.length;
  }

  add(report: TrainingReport): void {
    const { loss, lr, gradNorm, action = "step", reason = "" } = report;
    this.losses.push(loss);
    this.rates.push(lr ?? Number.NaN);
    this.gradNorms.push(gradNorm ?? Number.NaN);
    if (action !== "step") this.spikes.push({ step: this.steps, action, reason });
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
    const { losses, rates, gradNorms, heldOut, spikes, early } = this;
    return {
      losses: Float64Array.from(losses),
      rates: Float64Array.from(rates),
      gradNorms: Float64Array.from(gradNorms),
      heldOut: [...heldOut],
      spikes: [...spikes],
      early,
    };
  }

  loadStateDict(saved: HistoryState): void {
    const { losses, rates, gradNorms, heldOut, spikes, early } = saved;
    const series = [losses, rates, gradNorms];
    const whole =
      series.every((values) => values instanceof Float64Array && values.length === losses.length) &&
      [heldOut, spikes].every(Array.isArray) &&
      heldOut.every(({ step, loss }) => Number.isInteger(step) && typeof loss === "number") &&
      spikes.every(({ step, action, reason }) => Number.isInteger(step) && [action, reason].every(isText)) &&
      early instanceof Uint32Array;
    if (!whole) throw new Failure("the history of the run is damaged", BAD_INPUT);
    replace(this.losses, losses);
    replace(this.rates, rates);
    replace(this.gradNorms, gradNorms);
    replace(this.heldOut, heldOut);
    replace(this.spikes, spikes);
    this.early = early.slice();
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function replace<T>(list: T[], values: Iterable<T>): void {
  list.length = 0;
  for (const value of values) list.push(value);
}
