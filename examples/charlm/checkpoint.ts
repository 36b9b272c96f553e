/** The file that a run is saved to, and what must be the same for another to go on from it. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Parts } from "simd-optim";
import { loadCheckpoint, saveCheckpoint } from "simd-optim/node";
import { makeFolder } from "../common/command.ts";
import { type Corpus, digestOf } from "./corpus.ts";
import { count } from "./count.ts";
import { BAD_INPUT, Failure, withSubject } from "./failure.ts";
import type { History } from "./history.ts";
import { scheduleFor } from "./optimizers.ts";
import { BATCH, CONTEXT, HIDDEN, MAX_NORM, type Recipe, WIDTH } from "./training.ts";
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

export class CheckpointFile {
  readonly #subject: string;

  /** Makes the folder of the file before the work that would be lost without it. */
  constructor(readonly path: string) {
    this.#subject = `--checkpoint ${path}`;
    makeFolder(dirname(path), this.#subject);
  }

  /** Refuses to take the place of another run. */
  refuseExisting(): void {
    if (!existsSync(this.path)) return;
    throw new Failure(`${this.#subject}: there is one already; --resume goes on from it`, BAD_INPUT);
  }

  /** Reads what run was saved. */
  read(): SavedRun {
    if (!existsSync(this.path)) throw new Failure(`${this.#subject}: no such file to resume from`, BAD_INPUT);
    const { data } = withSubject(this.#subject, () => loadCheckpoint(this.path, {}, { strict: false }));
    const run = data["run"] as SavedRun | undefined;
    if (run === null || typeof run !== "object" || !Array.isArray(run.trials)) {
      throw new Failure(`${this.#subject}: not a checkpoint of this command`, BAD_INPUT);
    }
    return run;
  }

  /** Refuses to go on with anything else than what was saved. */
  compare(saved: SavedRun, run: SavedRun): void {
    for (const [key, name] of COMPARED) {
      if (Object.is(saved[key], run[key])) continue;
      const got = key === "digest" ? `${saved.text}, not ${run.text}` : `${saved[key]}, not ${run[key]}`;
      throw new Failure(`${this.#subject}: made with ${name}: ${got}`, BAD_INPUT);
    }
  }

  /** Loads the parts of a run, its history among them. */
  load(parts: Parts & { readonly history: History }, saved: SavedRun, recipe: Recipe): void {
    withSubject(this.#subject, () => loadCheckpoint(this.path, parts));
    this.#checkSteps(parts.history.steps, saved, recipe);
  }

  /** Saves the parts of a run. */
  save(parts: Parts): void {
    withSubject(this.#subject, () => saveCheckpoint(this.path, parts));
  }

  /**
   * A run may be given other steps than it was begun with, as long as every step that was taken would have been the same:
   * where the learning rate does not depend on how many there are in all.
   */
  #checkSteps(taken: number, saved: SavedRun, recipe: Recipe): void {
    const { optimizer, steps } = recipe;
    if (steps < taken) {
      throw new Failure(`${this.#subject}: made after ${count(taken)} steps, not ${count(steps)} at most`, BAD_INPUT);
    }
    const [before, now] = [saved.steps, steps].map((total) => scheduleFor(optimizer, { ...recipe, steps: total }));
    for (let step = 0; step < taken; step++) {
      if (before?.(step) === now?.(step)) continue;
      const reason = `with ${count(steps)} its learning rate would have been another one`;
      throw new Failure(
        `${this.#subject}: begun with --steps ${saved.steps}; ${reason}, unless --schedule says otherwise`,
        BAD_INPUT,
      );
    }
  }
}

/** The command line that goes on with a run. */
export function resumeCommand(argv: readonly string[]): string {
  const words = argv.includes("--resume") ? argv : [...argv, "--resume"];
  return `npm start -- ${words.map(quoted).join(" ")}`;
}

/** A word as a shell reads it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
