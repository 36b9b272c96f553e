/** The command line. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { LoadOptions } from "simd-optim";
import { parseArguments } from "../support/command.ts";
import { fields, number, type Shape, whole } from "../support/shape.ts";

/** What a run is made of: a checkpoint has it, and a run that goes on from one keeps to it. */
export interface Recipe {
  readonly steps: number;
  readonly batch: number;
  readonly context: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly dropout: number;
  readonly lr: number;
  readonly warmup: number;
  readonly weightDecay: number;
  readonly evaluateEvery: number;
  readonly seed: number;
}

export interface Settings extends Recipe {
  /** A file; the package's own documentation without one. */
  readonly text?: string;
  readonly recompute: boolean;
  readonly backend: NonNullable<LoadOptions["backend"]>;
  /** The folder of the report, and of the checkpoint unless that is elsewhere. */
  readonly out: string;
  readonly checkpoint?: string;
  /** A checkpoint to go on from. */
  readonly resume?: string;
  /** A file for a line of JSON each step. */
  readonly log?: string;
  readonly prompt?: string;
  readonly temperature: number;
  readonly sampleLength: number;
}

/** Settings, and which of them the user gave. */
export interface Given {
  readonly settings: Settings;
  has(name: keyof Settings): boolean;
}

const MOST = 1_000_000;

/** The numbers that the recipe consists of: default, range, and what they are. Those in lists are whole. */
const NUMBERS: Readonly<Record<keyof Recipe, readonly [number, Range, string]>> = {
  steps: [1400, { least: 1, most: 10 * MOST, whole: true }, "steps to train for"],
  batch: [8, { least: 1, most: 4096, whole: true }, "sequences of a step"],
  context: [64, { least: 2, most: 4096, whole: true }, "characters of a sequence"],
  width: [128, { least: 1, most: 4096, whole: true }, "channels of the stream"],
  layers: [4, { least: 1, most: 256, whole: true }, "blocks"],
  heads: [4, { least: 1, most: 256, whole: true }, "attention heads of a block"],
  dropout: [0, { least: 0, most: 0.95 }, "share of activations left out in training"],
  lr: [0.002, { least: 1e-9, most: 1 }, "peak of the learning rate, which then follows a cosine to a tenth"],
  warmup: [
    100,
    { least: 0, most: MOST, whole: true },
    "steps over which the learning rate rises, at most a tenth of all",
  ],
  weightDecay: [0.1, { least: 0, most: 10 }, "weight decay of matrices"],
  evaluateEvery: [100, { least: 1, most: MOST, whole: true }, "steps from one evaluation and checkpoint to the next"],
  seed: [
    1,
    { least: 0, most: Number.MAX_SAFE_INTEGER, whole: true },
    "seed of first weights, batches, dropout, samples",
  ],
};

export const RECIPE = Object.keys(NUMBERS) as (keyof Recipe)[];

/** What the recipe in a checkpoint must be like: as it could be given. */
export const RECIPE_SHAPE = fields<Recipe>(
  Object.fromEntries(
    Object.entries(NUMBERS).map(([name, [, { least, most, whole: isWhole }]]) => [
      name,
      isWhole ? whole(least, most) : number(least, most),
    ]),
  ) as Record<keyof Recipe, Shape>,
);

/** "weightDecay" as it is on the command line. */
export function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
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
    .addOption(new Option("--model <name>", "the model").choices(["gpt"]).default("gpt").hideHelp())
    .option("--text <file>", "UTF-8 text to learn from (default: the package's own documentation)");
  for (const [name, [value, range, description]] of Object.entries(NUMBERS)) {
    command.addOption(new Option(`${flag(name)} <number>`, description).argParser(numberIn(range)).default(value));
  }
  return command
    .option("--recompute", "keep only the inputs of blocks and run them again, for the same bits in less memory", false)
    .addOption(
      new Option("--backend <name>", "what runs the kernels; all give the same bits")
        .choices(["auto", "simd", "scalar", "reference"])
        .default("auto"),
    )
    .option("--log <file>", "append a line of JSON for each step")
    .option(
      "--checkpoint <file>",
      "where to save, in no other run's place (default: gpt.safetensors in the folder of --out)",
    )
    .option("--resume <file>", "go on from a checkpoint, with its numbers and the same text, and save there")
    .option("--prompt <text>", "what samples begin with (default: the start of the held-out text)")
    .addOption(
      new Option("--temperature <number>", "what logits are divided by before a character is drawn")
        .argParser(numberIn({ least: 0.01, most: 100 }))
        .default(0.8),
    )
    .addOption(
      new Option("--sample-length <number>", "characters to write")
        .argParser(numberIn({ least: 0, most: MOST, whole: true }))
        .default(800),
    )
    .option("--out <folder>", "where to write report.html", "out");
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly whole?: boolean;
}

function numberIn({ least, most, whole = false }: Range): (argument: string) => number {
  return (argument) => {
    const value = Number(argument);
    const fits = argument.trim() !== "" && value >= least && value <= most && (!whole || Number.isInteger(value));
    if (fits) return value;
    throw new InvalidArgumentError(`Expected a ${whole ? "whole " : ""}number from ${least} to ${most}.`);
  };
}
