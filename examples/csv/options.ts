/** The command line. */
import { Command, InvalidArgumentError } from "commander";
import { DEFAULT_OPTIMIZER, defaultRate, optimizers } from "../support/optimizers.ts";
import {
  addOptions,
  BACKEND,
  choice,
  listOf,
  namesOf,
  optimizerOf,
  option,
  optionOr,
  parseArguments,
  peakOr,
  type SettingsOf,
  seedOf,
  wholeNumber,
} from "../support/options.ts";
import type { Decimal } from "./numbers.ts";
import { MISSING } from "./table.ts";
import type { Task } from "./target.ts";

/** A learning rate that suits this model better than the optimizer's own default. */
const DEFAULT_RATE = 0.003;
/** Training takes about so many steps, and goes through the rows so many times at least and at most. */
const SUITABLE_STEPS = 3000;
const [FEWEST_EPOCHS, MOST_EPOCHS] = [10, 200];
const WIDEST = 4096;

/** Those that train on gradients of labels alone: one that asks for others, of labels it draws, is for `charlm`. */
const usable = optimizers.filter(({ spec }) => !spec.updateHessian);

const OPTIONS = [
  option("--label <column>", "column to predict"),
  optionOr<"--ignore <column>", readonly string[]>(
    "--ignore <column>",
    "column to leave out; may be given several times",
    [],
    (column, before) => [...before, column],
    "none",
  ),
  option(
    "--delimiter <character>",
    "what is between fields, such as ; or tab (default: what a first line such as sep=; says, or else a comma, " +
      "semicolon, tab or pipe, as fits the first rows)",
    delimiter,
  ),
  option<"--decimal <character>", Decimal>(
    "--decimal <character>",
    "what is before decimals (default: as the numbers show)",
  ).choices([".", ","]),
  optionOr(
    "--missing <list>",
    'texts that stand for what is not known, as empty cells do, or "" for none',
    MISSING,
    texts,
    MISSING.join(),
  ),
  option("--missing-labels <list>", "the same for the column to predict, if NA, say, is a class", texts),
  option<"--task <name>", Task>(
    "--task <name>",
    "what to predict (default: classes of texts or of few whole numbers)",
  ).choices(["classification", "regression"]),
  optionOr(
    "--hidden <list>",
    'units of each hidden layer, such as 128,64, or "none" for a linear model',
    [64, 64],
    listOf(wholeNumber(1, WIDEST)),
    "64,64",
  ),
  choice("--activation <name>", "of hidden units", ["relu", "gelu"], "relu"),
  optionOr("--dropout <number>", "share of hidden units that each step leaves out", 0, share),
  optimizerOf(usable),
  peakOr(`${DEFAULT_RATE} for ${DEFAULT_OPTIMIZER}, the optimizer's own otherwise`),
  option(
    "--epochs <number>",
    `times to go through the rows (default: about ${SUITABLE_STEPS} steps, from ${FEWEST_EPOCHS} to ` +
      `${MOST_EPOCHS} times)`,
    wholeNumber(1, 100_000),
  ),
  optionOr("--batch-size <rows>", "rows of a step", 32, wholeNumber(1, 65_536)),
  choice("--class-weights <how>", "whether rows of rare classes count more", ["none", "balanced"], "none"),
  option(
    "--patience <epochs>",
    "stop when the loss on a tenth of the rows, not trained on then, has not fallen for so long, and keep the best",
    wholeNumber(1, 100_000),
  ),
  optionOr("--held-out <percent>", "rows held out, of each class", 20, wholeNumber(1, 90)),
  BACKEND,
  seedOf("the split, the first parameters and the batches"),
  option("--predict <file>", "CSV file with the same columns but the label, to be written with it to predictions.csv"),
  optionOr("--out <folder>", "where to write report.html and predictions.csv", "out"),
] as const;

export type Settings = SettingsOf<typeof OPTIONS> & { readonly csv: string };

/** The settings; undefined where help was asked for and given. Throws a `Failure` for anything it cannot use. */
export function parseSettings(argv: readonly string[]): Settings | undefined {
  // Behind --csv it would be taken for the name of a file.
  return parseArguments<Settings>(describeCommand(), argv.includes("--help") ? ["--help"] : argv);
}

export function rateFor({ optimizer, lr }: Settings): number | undefined {
  const own = defaultRate(optimizer);
  if (own === undefined) return undefined;
  return lr ?? (optimizer.spec.name === DEFAULT_OPTIMIZER ? DEFAULT_RATE : own);
}

export function epochsFor({ epochs, batchSize }: Settings, rows: number): number {
  const suitable = Math.round((SUITABLE_STEPS * batchSize) / rows);
  return epochs ?? Math.min(Math.max(suitable, FEWEST_EPOCHS), MOST_EPOCHS);
}

function describeCommand(): Command {
  const command = new Command("npm start --")
    .description(
      "Trains a multi-layer perceptron to predict one column of a CSV file from the others, compares what it predicts " +
        "for rows held out with what is true, and draws it all in one HTML page. Texts and missing values are taken " +
        "care of.",
    )
    .requiredOption("--csv <file>", "UTF-8 file with a header");
  return addOptions(command, OPTIONS).addHelpText("after", `\nOptimizers: ${namesOf(usable)}`);
}

function texts(list: string): string[] {
  return list.split(",").map((text) => text.trim());
}

function delimiter(argument: string): string {
  const character = argument === "tab" || argument === "\\t" ? "\t" : argument;
  if ([...character].length !== 1 || /["\r\n]/.test(character)) {
    throw new InvalidArgumentError("Expected one character other than a quote, or tab.");
  }
  return character;
}

function share(argument: string): number {
  const value = Number(argument);
  if (argument.trim() === "" || !(value >= 0 && value < 1)) {
    throw new InvalidArgumentError("Expected a number from 0 to below 1.");
  }
  return value;
}
