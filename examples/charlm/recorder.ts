/** The records of a run: a monitor, and the files it writes to. */
import { jsonLines, Monitor, type MonitorState, type Sink, tensorBoard } from "simd-optim";
import { openEventFile } from "simd-optim/node";
import { withSubject } from "../support/failure.ts";
import { RunLog } from "../support/runFile.ts";
import type { Settings } from "./options.ts";
import { isSpike, type TrainingReport } from "./training.ts";

export class Recorder {
  readonly #files: { close(): void }[] = [];
  readonly #sinks: Sink[] = [];
  readonly #monitor = new Monitor({ sinks: [(...record) => this.#send(...record)] });
  #normsEvery = Number.POSITIVE_INFINITY;

  /** Opens the files: those of a run that is resumed go on where it stopped. */
  open({ log, tensorboard, normsEvery }: Settings): void {
    if (normsEvery !== undefined) this.#normsEvery = normsEvery;
    if (log !== undefined) {
      const file = new RunLog(log);
      this.#files.push(file);
      this.#sinks.push(jsonLines(file.write));
    }
    if (tensorboard !== undefined) {
      const file = withSubject(`--tensorboard ${tensorboard}`, () => openEventFile(tensorboard));
      this.#files.push(file);
      this.#sinks.push(tensorBoard(file.write));
    }
  }

  wantsNorms(step: number): boolean {
    return step % this.#normsEvery === 0;
  }

  /** Records a step; `spike` is 1 where the guard found one. */
  record(report: TrainingReport, samples: number): void {
    const { loss } = report;
    this.#monitor.record(report, { loss, samples, ...(isSpike(report) ? { metrics: { spike: 1 } } : {}) });
  }

  recordHeldOut(step: number, heldOutLoss: number): void {
    this.#send({ heldOutLoss }, step, Date.now() / 1e3);
    this.resetClock();
  }

  /** Leaves out of the time of the next step what has passed since the last. */
  resetClock(): void {
    this.#monitor.resetClock();
  }

  /** The state without times, which differ from run to run: rates start anew where a run is resumed. */
  stateDict(): MonitorState {
    const { recent, ...counts } = this.#monitor.stateDict();
    return { ...counts, recent: recent.map(({ clipped }) => ({ clipped, seconds: 0, tokens: 0, samples: 0 })) };
  }

  loadStateDict(saved: MonitorState): void {
    this.#monitor.loadStateDict(saved);
  }

  close(): void {
    for (const file of this.#files) file.close();
  }

  #send(...record: Parameters<Sink>): void {
    for (const sink of this.#sinks) sink(...record);
  }
}
