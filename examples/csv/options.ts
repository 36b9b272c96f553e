/** The command line. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { LoadOptions } from "simd-optim";
import { namesOf, parseArguments, parseOptimizer, positiveNumber, wholeNumber } from "../support/command.ts";
import {
  DEFAULT_OPTIMIZER,
  defaultRate,
  findOptimizers,
  type OptimizerClass,
  optimizers,
} from "../support/optimizers.ts";
import { type Format, MISSING } from "./table.ts";
import type { Task } from "./target.ts";

export interface Settings extends Format {
  readonly csv: string;
  /** The column to predict; the user is told which there are, without one. */
  readonly label?: string;
  readonly ignore: readonly string[];
  /** What is missing in the column to predict, where that is not what is missing elsewhere. */
  readonly missingLabels?: readonly string[];
  /** Found from the labels unless the user says. */
  readonly task?: Task;
  readonly hidden: readonly number[];
  readonly activation: "relu" | "gelu";
  readonly dropout: number;
  readonly optimizer: OptimizerClass;
  readonly lr?: number;
  /** How often to go through the rows; as suits their number, without it. */
  readonly epochs?: number;
  readonly batchSize: number;
  readonly classWeights: "none" | "balanced";
  /** Epochs without a better validation loss after which to stop; none, without it. */
  readonly patience?: number;
  /** The share of rows held out, in percent. */
  readonly heldOut: number;
  readonly backend: NonNullable<LoadOptions["backend"]>;
  readonly seed: number;
  /** Another table, to predict the labels of. */
  readonly predict?: string;
  /** The folder of the report. */
  readonly out: string;
}

/** A learning rate that suits this model better than the optimizer's own default. */
const DEFAULT_RATE = 0.003;
/** Training takes about so many steps, and goes through the rows so many times at least and at most. */
const SUITABLE_STEPS = 3000;
const [FEWEST_EPOCHS, MOST_EPOCHS] = [10, 200];
const WIDEST = 4096;

/** Those that train on gradients of labels alone: one that asks for others, of labels it draws, is for `charlm`. */
const usable = optimizers.filter(({ spec }) => !spec.updateHessian);

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
  return new Command("npm start --")
    .description(
      "Trains a multi-layer perceptron to predict one column of a CSV file from the others, compares what it predicts " +
        "for rows held out with what is true, and draws it all in one HTML page. Texts and missing values are taken " +
        "care of.",
    )
    .requiredOption("--csv <file>", "UTF-8 file with a header")
    .option("--label <column>", "column to predict")
    .addOption(
      new Option("--ignore <column>", "column to leave out; may be given several times")
        .argParser((column, before: readonly string[]) => [...before, column])
        .default([], "none"),
    )
    .addOption(
      new Option(
        "--delimiter <character>",
        "what is between fields, such as ; or tab (default: what a first line such as sep=; says, or else a comma, " +
          "semicolon, tab or pipe, as fits the first rows)",
      ).argParser(delimiter),
    )
    .addOption(
      new Option("--decimal <character>", "what is before decimals (default: as the numbers show)").choices([".", ","]),
    )
    .addOption(
      new Option("--missing <list>", 'texts that stand for what is not known, as empty cells do, or "" for none')
        .argParser(texts)
        .default(MISSING, MISSING.join()),
    )
    .addOption(
      new Option("--missing-labels <list>", "the same for the column to predict, if NA, say, is a class").argParser(
        texts,
      ),
    )
    .addOption(
      new Option("--task <name>", "what to predict (default: classes of texts or of few whole numbers)").choices([
        "classification",
        "regression",
      ]),
    )
    .addOption(
      new Option("--hidden <list>", 'units of each hidden layer, such as 128,64, or "none" for a linear model')
        .argParser(parseWidths)
        .default([64, 64], "64,64"),
    )
    .addOption(new Option("--activation <name>", "of hidden units").choices(["relu", "gelu"]).default("relu"))
    .addOption(
      new Option("--dropout <number>", "share of hidden units that each step leaves out").argParser(share).default(0),
    )
    .addOption(
      new Option("--optimizer <name>", "optimizer to train with, in upper or lower case; the start of its name will do")
        .argParser((name) => parseOptimizer(name, usable))
        .default(findOptimizers(DEFAULT_OPTIMIZER, usable)[0], DEFAULT_OPTIMIZER),
    )
    .addOption(
      new Option(
        "--lr <number>",
        "peak of the learning rate, which warms up and then follows a cosine; unused by optimizers without one " +
          `(default: ${DEFAULT_RATE} for ${DEFAULT_OPTIMIZER}, the optimizer's own otherwise)`,
      ).argParser(positiveNumber),
    )
    .addOption(
      new Option(
        "--epochs <number>",
        `times to go through the rows (default: about ${SUITABLE_STEPS} steps, from ${FEWEST_EPOCHS} to ` +
          `${MOST_EPOCHS} times)`,
      ).argParser(wholeNumber(1, 100_000)),
    )
    .addOption(new Option("--batch-size <rows>", "rows of a step").argParser(wholeNumber(1, 65_536)).default(32))
    .addOption(
      new Option("--class-weights <how>", "whether rows of rare classes count more")
        .choices(["none", "balanced"])
        .default("none"),
    )
    .addOption(
      new Option(
        "--patience <epochs>",
        "stop when the loss on a tenth of the rows, not trained on then, has not fallen for so long, and keep the best",
      ).argParser(wholeNumber(1, 100_000)),
    )
    .addOption(
      new Option("--held-out <percent>", "rows held out, of each class").argParser(wholeNumber(1, 90)).default(20),
    )
    .addOption(
      new Option("--backend <name>", "what runs the kernels; all give the same bits")
        .choices(["auto", "simd", "scalar", "reference"])
        .default("auto"),
    )
    .addOption(
      new Option("--seed <number>", "seed of the split, the first parameters and the batches")
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .default(1),
    )
    .option(
      "--predict <file>",
      "CSV file with the same columns but the label, to be written with it to predictions.csv",
    )
    .option("--out <folder>", "where to write report.html and predictions.csv", "out")
    .addHelpText("after", `\nOptimizers: ${namesOf(usable)}`);
}

function parseWidths(list: string): number[] {
  return list === "none" ? [] : list.split(",").map(wholeNumber(1, WIDEST));
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
