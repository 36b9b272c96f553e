/** What happened to a run so far, and how it is kept in a checkpoint. */
import { type Corpus, digestOf } from "../support/corpus.ts";
import { counted } from "../support/count.ts";
import type { Point } from "../support/curves.ts";
import { BAD_INPUT, Failure } from "../support/failure.ts";
import { loadRun, type RunFile, readRun } from "../support/runFile.ts";
import { anyNumber, fields, list, number, text, whole } from "../support/shape.ts";
import { flag, type Given, RECIPE, RECIPE_SHAPE, type Recipe, type Settings } from "./options.ts";
import type { Trainer } from "./trainer.ts";

export interface Story {
  /** The loss of each batch, before its step. */
  readonly losses: number[];
  /** The held-out loss after so many steps; first after 0. */
  readonly heldOut: Point[];
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

export function save(file: RunFile, trainer: Trainer, story: Story): void {
  const { settings, corpus } = trainer;
  const recipe = Object.fromEntries(RECIPE.map((name) => [name, settings[name]]));
  const run = { recipe, text: { title: corpus.title, hash: digestOf(corpus) }, story };
  file.save({ ...trainer.parts, run });
}

const SAVED = fields<Saved>({
  recipe: RECIPE_SHAPE,
  text: fields<Saved["text"]>({ title: text, hash: text }),
  story: fields<Story>({
    losses: list(anyNumber),
    heldOut: list(fields<Point>({ step: whole(0), loss: anyNumber })),
    seconds: number(0, Number.MAX_VALUE),
  }),
});

/** The settings of the run in a file; refuses numbers that the user gave and that it does not have, and other texts. */
export function settingsOf(path: string, { settings, has }: Given, corpus: Corpus): Settings {
  const { recipe, text } = readRun<Saved>(path, `--resume ${path}`, SAVED);
  for (const name of RECIPE) {
    if (has(name) && settings[name] !== recipe[name]) {
      throw new Failure(`${flag(name)} ${settings[name]}: the run in ${path} has ${recipe[name]}`, BAD_INPUT);
    }
  }
  if (text.hash !== digestOf(corpus)) {
    throw new Failure(`--text: the run in ${path} is on ${text.title}, and this is another text`, BAD_INPUT);
  }
  return { ...settings, ...Object.fromEntries(RECIPE.map((name) => [name, recipe[name]])) };
}

/** Loads a run; the trainer goes on from there. */
export function restore(path: string, trainer: Trainer): Story {
  const subject = `--resume ${path}`;
  const { story } = loadRun<Saved>(path, subject, trainer.parts, SAVED);
  const [taken, drawn] = [story.losses.length, trainer.batchesDrawn];
  if (taken !== drawn || taken > trainer.settings.steps) {
    const steps = `${counted(taken, "loss", "losses")} and batches of ${drawn}, of ${counted(trainer.settings.steps, "step")}`;
    throw new Failure(`${subject}: it is damaged: it has ${steps}`, BAD_INPUT);
  }
  return story;
}
