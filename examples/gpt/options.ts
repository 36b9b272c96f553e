/** The command line. */
import { Command, InvalidArgumentError, Option } from "commander";
import { addOptions, BACKEND, option, optionOr, parseArguments, type SettingsOf, TEXT } from "../support/options.ts";
import { fields, number as numberShape, type Shape, whole as wholeShape } from "../support/shape.ts";

const MOST = 1_000_000;

/** The numbers that the recipe consists of: default, range, and what they are. */
const NUMBERS = {
  steps: [1400, whole(1, 10 * MOST), "steps to train for"],
  batch: [8, whole(1, 4096), "sequences of a step"],
  context: [64, whole(2, 4096), "characters of a sequence"],
  width: [128, whole(1, 4096), "channels of the stream"],
  layers: [4, whole(1, 256), "blocks"],
  heads: [4, whole(1, 256), "attention heads of a block"],
  dropout: [0, between(0, 0.95), "share of activations left out in training"],
  lr: [0.002, between(1e-9, 1), "peak of the learning rate, which then follows a cosine to a tenth"],
  warmup: [100, whole(0, MOST), "steps over which the learning rate rises, at most a tenth of all"],
  weightDecay: [0.1, between(0, 10), "weight decay of matrices"],
  evaluateEvery: [100, whole(1, MOST), "steps from one evaluation and checkpoint to the next"],
  seed: [1, whole(0, Number.MAX_SAFE_INTEGER), "seed of first weights, batches, dropout, samples"],
} as const satisfies Readonly<Record<string, readonly [number, Range, string]>>;

/** What a run is made of: a checkpoint has it, and a run that goes on from one keeps to it. */
export type Recipe = { readonly [Name in keyof typeof NUMBERS]: number };

export const RECIPE = Object.keys(NUMBERS) as (keyof Recipe)[];

/** What the recipe in a checkpoint must be like: as it could be given. */
export const RECIPE_SHAPE = fields<Recipe>(
  Object.fromEntries(RECIPE.map((name) => [name, NUMBERS[name][1].shape])) as Record<keyof Recipe, Shape>,
);

/** "weightDecay" as it is on the command line. */
export function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const OTHERS = [
  optionOr(
    "--recompute",
    "keep only the inputs of blocks and run them again, for the same bits in less memory",
    false as boolean,
  ),
  BACKEND,
  option("--log <file>", "append a line of JSON for each step"),
  option(
    "--checkpoint <file>",
    "where to save, in no other run's place (default: gpt.safetensors in the folder of --out)",
  ),
  option("--resume <file>", "go on from a checkpoint, with its numbers and the same text, and save there"),
  option("--prompt <text>", "what samples begin with (default: the start of the held-out text)"),
  optionOr(
    "--temperature <number>",
    "what logits are divided by before a character is drawn",
    0.8,
    numberIn(between(0.01, 100)),
  ),
  optionOr("--sample-length <number>", "characters to write", 800, numberIn(whole(0, MOST))),
  optionOr("--out <folder>", "where to write report.html", "out"),
] as const;

export type Settings = Recipe & SettingsOf<readonly [typeof TEXT]> & SettingsOf<typeof OTHERS>;

/** Settings, and which of them the user gave. */
export interface Given {
  readonly settings: Settings;
  has(name: keyof Settings): boolean;
}

/** The settings; undefined where help was asked for and given. Throws a `Failure` for anything it cannot use. */
export function parseSettings(argv: readonly string[]): Given | undefined {
  const command = describeCommand();
  const settings = parseArguments<Settings>(command, argv);
  return settings && { settings, has: (name) => command.getOptionValueSource(name) === "cli" };
}

function describeCommand(): Command {
  const command = new Command("npm start -- --model gpt")
    .description(
      "Trains a small GPT on the characters of a text, evaluates it on the end of the text, saves it, writes some text " +
        "of its own, and draws it all in one HTML page. Ctrl-C saves, too, and so does SIGTERM.",
    )
    .addOption(new Option("--model <name>", "the model").choices(["gpt"]).default("gpt").hideHelp());
  const numbers = RECIPE.map((name) => {
    const [value, range, description] = NUMBERS[name];
    return optionOr(`${flag(name)} <number>`, description, value, numberIn(range));
  });
  return addOptions(command, [TEXT, ...numbers, ...OTHERS]);
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
  /** What such a number in a checkpoint must be like. */
  readonly shape: Shape;
}

function whole(least: number, most: number): Range {
  return { least, most, isWhole: true, shape: wholeShape(least, most) };
}

function between(least: number, most: number): Range {
  return { least, most, isWhole: false, shape: numberShape(least, most) };
}

function numberIn({ least, most, isWhole }: Range): (argument: string) => number {
  return (argument) => {
    const value = Number(argument);
    const fits = argument.trim() !== "" && value >= least && value <= most && (!isWhole || Number.isInteger(value));
    if (fits) return value;
    throw new InvalidArgumentError(`Expected a ${isWhole ? "whole " : ""}number from ${least} to ${most}.`);
  };
}
