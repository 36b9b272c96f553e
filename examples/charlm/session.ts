/** A run from where it begins or is resumed to where it ends or is interrupted. */
import type { Runtime } from "simd-optim";
import type { Corpus } from "../support/corpus.ts";
import { count } from "../support/count.ts";
import { line, lines, losses } from "../support/print.ts";
import { withProgress } from "../support/progress.ts";
import type { RunFile } from "../support/runFile.ts";
import {
  compareRuns,
  describeSavedRun,
  loadSavedRun,
  readSavedRun,
  resumeCommand,
  type SavedRun,
} from "./checkpoint.ts";
import { describeGuarded } from "./description.ts";
import { History } from "./history.ts";
import { askedRate, type Settings, stepsFor } from "./options.ts";
import { Recorder } from "./recorder.ts";
import { train } from "./train.ts";
import { type Recipe, Trainer } from "./training.ts";
import { type Choice, chooseRate, MOST_TRIALS, type Trial } from "./trials.ts";

/** What a run is, before anything of it is made. */
export interface Plan {
  readonly recipe: Recipe;
  readonly trials: readonly Trial[];
  readonly file: RunFile | undefined;
  /** What was saved, where it is resumed. */
  readonly saved: SavedRun | undefined;
}

/** Decides what to run: anew, with a rate found by trial if need be, or what was saved. */
export async function planRun(
  settings: Settings,
  corpus: Corpus,
  runtime: Runtime,
  file: RunFile | undefined,
  signal: AbortSignal,
): Promise<Plan> {
  const { resume, optimizer, seed, schedule, accumulate, spikes } = settings;
  const saved = resume && file ? readSavedRun(file) : undefined;
  if (!saved) file?.refuseExisting("--resume goes on from it");
  const usual = { optimizer, steps: stepsFor(settings, corpus), seed, accumulate };
  const { rate, trials } =
    schedule !== undefined
      ? NO_RATE
      : saved
        ? savedChoice(saved, settings)
        : await findRate(runtime, corpus, usual, settings, signal);
  const recipe = { ...usual, rate, schedule, spikes: spikes === "none" ? undefined : spikes };
  if (saved) compareRuns(file!, saved, describeSavedRun(corpus, recipe, trials));
  return { recipe, trials, file, saved };
}

const NO_RATE: Choice = { rate: undefined, trials: [] };

/** The rate that the user asked for or, where that is none, one found by trial, while showing how far that is. */
export function findRate(
  runtime: Runtime,
  corpus: Corpus,
  recipe: Omit<Recipe, "rate">,
  settings: Settings,
  signal: AbortSignal,
): Promise<Choice> {
  return withProgress("rate trials", MOST_TRIALS, (advance) =>
    chooseRate(runtime, corpus, recipe, askedRate(settings), advance, signal),
  );
}

/** The rate that was found or asked for then, unless another is asked for now. */
function savedChoice({ rate, trials }: SavedRun, settings: Settings): Choice {
  return { rate: rate === undefined ? undefined : (askedRate(settings) ?? rate), trials };
}

export class Session {
  readonly trainer: Trainer;
  readonly history = new History();
  readonly #plan: Plan;
  readonly #recorder: Recorder;
  readonly #run: SavedRun;

  constructor(
    plan: Plan,
    runtime: Runtime,
    corpus: Corpus,
    readonly settings: Settings,
  ) {
    const { recipe, trials, file, saved } = plan;
    this.#plan = plan;
    this.#run = describeSavedRun(corpus, recipe, trials);
    this.trainer = new Trainer(runtime, corpus, recipe);
    this.#recorder = new Recorder();
    if (saved) loadSavedRun(file!, this.#parts, this, saved, recipe);
  }

  /** Trains what is left. Where that is interrupted, saves, says how to go on, and throws the signal's reason. */
  async train(signal: AbortSignal): Promise<void> {
    const { history, trainer, settings } = this;
    const { recipe, file } = this.#plan;
    const { steps } = recipe;
    if (this.#plan.saved) line("resumed", `after ${progressOf(history, steps)}`);
    const recorder = this.#recorder;
    recorder.open(settings);
    const save = file && { every: settings.saveEvery, run: () => file.save(this.#parts) };
    try {
      await withProgress("training", steps, (advance) =>
        train(trainer, history, {
          steps,
          signal,
          progress: (step, loss, heldOut) => advance(step, losses(loss, heldOut)),
          recorder,
          ...(save && { save }),
        }),
      );
    } finally {
      recorder.close();
    }
    if (history.steps < steps) save?.run();
    lines(describeGuarded(history));
    if (file) line("checkpoint", `${file.path}, after ${progressOf(history, steps)}`);
    if (history.steps === steps) return;
    if (file) line("resume with", resumeCommand(settings.argv));
    signal.throwIfAborted();
  }

  get #parts() {
    return { run: this.#run, ...this.trainer.parts, history: this.history, monitor: this.#recorder };
  }
}

function progressOf({ steps }: History, total: number): string {
  return steps === total ? `all ${count(total)} steps` : `${count(steps)} of ${count(total)} steps`;
}
