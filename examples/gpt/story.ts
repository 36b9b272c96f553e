/** What happened to a run so far, and how it is kept in a checkpoint. */
import { loadCheckpoint, saveCheckpoint } from "simd-optim/node";
import { type Corpus, digestOf } from "../charlm/corpus.ts";
import { BAD_INPUT, Failure } from "../charlm/failure.ts";
import { flag, type Given, RECIPE, type Recipe, type Settings } from "./options.ts";
import type { Trainer } from "./trainer.ts";

export interface Story {
  /** The loss of each batch, before its step. */
  readonly losses: number[];
  /** The held-out loss after so many steps; first after 0. */
  readonly heldOut: { readonly step: number; readonly loss: number }[];
  /** Time spent on training, evaluations not counted. */
  seconds: number;
}

interface Saved {
  readonly recipe: Recipe;
  /** The name of the text, and what it is told from others by. */
  readonly text: { readonly title: string; readonly hash: string };
  readonly story: Story;
}

export function emptyStory(): Story {
  return { losses: [], heldOut: [], seconds: 0 };
}

export function save(path: string, trainer: Trainer, story: Story): void {
  const { settings, corpus } = trainer;
  const recipe = Object.fromEntries(RECIPE.map((name) => [name, settings[name]]));
  const run = { recipe, text: { title: corpus.title, hash: digestOf(corpus) }, story };
  saveCheckpoint(path, { ...trainer.parts, run });
}

/** The settings of the run in a file; refuses numbers that the user gave and that it does not have, and other texts. */
export function settingsOf(path: string, { settings, has }: Given, corpus: Corpus): Settings {
  const { recipe, text } = runIn(path, loadCheckpoint(path, {}, { strict: false }).data);
  for (const name of RECIPE) {
    if (has(name) && settings[name] !== recipe[name]) {
      throw new Failure(`${flag(name)} ${settings[name]}: the run in ${path} has ${recipe[name]}`, BAD_INPUT);
    }
  }
  if (text.hash !== digestOf(corpus)) {
    throw new Failure(`--text: the run in ${path} is on ${text.title}, and this is another text`, BAD_INPUT);
  }
  return { ...settings, ...recipe };
}

/** Loads a run; the trainer goes on from there. */
export function restore(path: string, trainer: Trainer): Story {
  return runIn(path, loadCheckpoint(path, trainer.parts).data).story;
}

function runIn(path: string, data: Readonly<Record<string, unknown>>): Saved {
  const run = data["run"] as Saved | undefined;
  if (!run?.recipe || !run.text || !run.story) throw new Failure(`--resume ${path}: not a run of this GPT`, BAD_INPUT);
  return run;
}
