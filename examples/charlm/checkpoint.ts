/** The file that a run is saved to, and what must be the same for another to go on from it. */
import type { Parts } from "simd-optim";
import { shellWord } from "../support/command.ts";
import { type Corpus, digestOf } from "../support/corpus.ts";
import { count, counted } from "../support/count.ts";
import { BAD_INPUT, Failure } from "../support/failure.ts";
import { scheduleFor } from "../support/optimizers.ts";
import { loadRun, type RunFile, readRun } from "../support/runFile.ts";
import { anyNumber, fields, list, number, optional, text, whole } from "../support/shape.ts";
import type { History } from "./history.ts";
import { BATCH, CONTEXT, HIDDEN, MAX_NORM, type Recipe, type Trainer, WIDTH } from "./training.ts";
import type { Choice, Trial } from "./trials.ts";

/** What a run is, in plain values: everything that decides about its bits, and how its rate was found. */
export interface SavedRun extends Choice {
  readonly text: string;
  readonly digest: string;
  readonly model: string;
  readonly optimizer: string;
  readonly seed: number;
  readonly schedule: string | undefined;
  readonly accumulate: number;
  readonly spikes: string;
  readonly steps: number;
}

const RATE = number(Number.MIN_VALUE, Number.MAX_VALUE);

const SAVED_RUN = fields<SavedRun>({
  text,
  digest: text,
  model: text,
  optimizer: text,
  seed: whole(0),
  schedule: optional(text),
  accumulate: whole(1),
  spikes: text,
  steps: whole(1),
  rate: optional(RATE),
  trials: list(fields<Trial>({ rate: RATE, loss: anyNumber })),
});

export function describeSavedRun(corpus: Corpus, recipe: Recipe, trials: readonly Trial[]): SavedRun {
  const { optimizer, seed, rate, schedule, accumulate = 1, spikes = "none", steps } = recipe;
  const { title: text, vocabulary } = corpus;
  const model = [CONTEXT, WIDTH, HIDDEN, vocabulary.length, BATCH, MAX_NORM].join();
  const plain = { optimizer: optimizer.spec.name, seed, rate, schedule, accumulate, spikes, steps };
  return { text, digest: digestOf(corpus), model, ...plain, trials: [...trials] };
}

/** What must agree, and what it is called; the first that does not is told. */
const COMPARED: readonly (readonly [keyof SavedRun, string])[] = [
  ["digest", "another text"],
  ["model", "another model"],
  ["optimizer", "--optimizer"],
  ["seed", "--seed"],
  ["schedule", "--schedule"],
  ["rate", "--lr"],
  ["accumulate", "--accumulate"],
  ["spikes", "--spikes"],
];

/** Reads what run was saved. */
export function readSavedRun({ path, subject }: RunFile): SavedRun {
  return readRun<SavedRun>(path, subject, SAVED_RUN);
}

/** Refuses to go on with anything else than what was saved. */
export function compareRuns({ subject }: RunFile, saved: SavedRun, run: SavedRun): void {
  for (const [key, name] of COMPARED) {
    if (Object.is(saved[key], run[key])) continue;
    const got = key === "digest" ? `${saved.text}, not ${run.text}` : `${saved[key]}, not ${run[key]}`;
    throw new Failure(`${subject}: made with ${name}: ${got}`, BAD_INPUT);
  }
}

/** Loads a run; the history and the trainer go on from there. */
export function loadSavedRun(
  { path, subject }: RunFile,
  parts: Parts,
  { history, trainer }: { readonly history: History; readonly trainer: Trainer },
  saved: SavedRun,
  recipe: Recipe,
): void {
  loadRun(path, subject, parts, SAVED_RUN);
  if (trainer.steps !== history.steps) {
    const steps = `a history of ${counted(history.steps, "step")}, but batches of ${trainer.steps}`;
    throw new Failure(`${subject}: it is damaged: it has ${steps}`, BAD_INPUT);
  }
  checkSteps(subject, history.steps, saved, recipe);
}

/**
 * A run may be given other steps than it was begun with, as long as every step that was taken would have been the same:
 * where the learning rate does not depend on how many there are in all.
 */
function checkSteps(subject: string, taken: number, saved: SavedRun, recipe: Recipe): void {
  const { optimizer, steps } = recipe;
  if (steps < taken) {
    throw new Failure(`${subject}: made after ${count(taken)} steps, not ${count(steps)} at most`, BAD_INPUT);
  }
  const [before, now] = [saved.steps, steps].map((total) => scheduleFor(optimizer, { ...recipe, steps: total }));
  for (let step = 0; step < taken; step++) {
    if (before?.(step) === now?.(step)) continue;
    const reason = `with ${count(steps)} its learning rate would have been another one`;
    throw new Failure(
      `${subject}: begun with --steps ${saved.steps}; ${reason}, unless --schedule says otherwise`,
      BAD_INPUT,
    );
  }
}

/** The command line that goes on with a run. */
export function resumeCommand(argv: readonly string[]): string {
  const words = argv.includes("--resume") ? argv : [...argv, "--resume"];
  return `npm start -- ${words.map(shellWord).join(" ")}`;
}
