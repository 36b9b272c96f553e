/** The loop of training. */
import { steps as stepsOf } from "simd-optim";
import { BAD_INPUT, Failure, refuseDivergence } from "../support/failure.ts";
import type { History } from "./history.ts";
import type { Recorder } from "./recorder.ts";
import type { Trainer, TrainingReport } from "./training.ts";

export interface Loop {
  /** How many there are in all. */
  readonly steps: number;
  /** Ends training between two steps. */
  readonly signal: AbortSignal;
  readonly progress: (step: number, loss: number, heldOut: number) => void;
  readonly recorder: Recorder;
  /** Called after so many steps, when everything is as a checkpoint needs it. */
  readonly save?: { readonly every: number; readonly run: () => void };
}

const EVALUATIONS = 40;
/** Steps that the guard may leave out one after the other; then it is not the batches that are bad. */
const MOST_BAD = 10;

/** Trains from where the history stops to the end, or until the signal is aborted. */
export async function train(trainer: Trainer, history: History, loop: Loop): Promise<void> {
  const { steps, signal, progress, recorder, save } = loop;
  const start = performance.now();
  if (history.heldOut.length === 0) history.evaluate(trainer);
  recorder.resetClock();
  for await (const before of stepsOf({ from: history.steps, total: steps, signal })) {
    const step = before + 1;
    const report = trainer.step({ norms: recorder.wantsNorms(step) });
    checkProgress(trainer, step, report);
    history.add(report);
    history.keepEarly(trainer, steps);
    recorder.record(report, trainer.batch);
    if (step === steps || step % Math.ceil(steps / EVALUATIONS) === 0) {
      recorder.recordHeldOut(report.step, history.evaluate(trainer));
    }
    progress(step, report.loss, history.heldOut.at(-1)!.loss);
    if (save && (step === steps || step % save.every === 0)) {
      save.run();
      recorder.resetClock();
    }
  }
  history.here.seconds = (performance.now() - start) / 1000;
}

function checkProgress(trainer: Trainer, step: number, { loss, consecutive, reason }: TrainingReport): void {
  const { name } = trainer.optimizer.spec;
  if (consecutive === undefined) refuseDivergence(name, step, loss);
  if (consecutive === MOST_BAD) {
    const last = `${MOST_BAD} bad batches in a row up to step ${step}, the last because ${reason}`;
    throw new Failure(`${name} diverged: ${last}; try a smaller --lr`, BAD_INPUT);
  }
}
