/** The command line. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { LoadOptions } from "simd-optim";
import type { Corpus } from "./corpus.ts";
import { count } from "./count.ts";
import { BAD_USAGE, Failure } from "./failure.ts";
import { defaultRate, findOptimizer, type OptimizerClass, optimizers } from "./optimizers.ts";
import { BATCH } from "./training.ts";

export interface Settings {
  /** A file; the package's own documentation without one. */
  readonly text?: string;
  readonly optimizer: OptimizerClass;
  /** How long to train; as long as suits the text, without it. */
  readonly steps?: number;
  readonly backend: NonNullable<LoadOptions["backend"]>;
  readonly seed: number;
  /** What the user asked for, which an optimizer without a learning rate does not use. */
  readonly lr?: number;
  readonly benchSizes: readonly number[];
  /** The folder of the report. */
  readonly out: string;
}

const DEFAULT_OPTIMIZER = "AdamW";
/** The learning rate of the default optimizer that suits this model better than the optimizer's own default. */
const DEFAULT_RATE = 0.003;
const BENCH_SIZES = [2 ** 12, 2 ** 16, 2 ** 20, 2 ** 24];
const FEWEST_STEPS = 1000;
const ENOUGH_STEPS = 8000;
const PASSES = 10;
const MOST_STEPS = 10_000_000;
const LARGEST_BENCH_SIZE = 2 ** 27;

/** The settings; undefined where help was asked for and given. Throws a `Failure` for anything it cannot use. */
export function parseSettings(argv: readonly string[]): Settings | undefined {
  const command = describeCommand();
  try {
    return command.parse(argv, { from: "user" }).opts<Settings>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new Failure(`${error.message.replace(/^error: /, "")} (see --help)`, BAD_USAGE);
  }
}

/** The peak of the learning rate; undefined for an optimizer without one. */
export function peakRate({ optimizer, lr }: Settings): number | undefined {
  if (!("lr" in optimizer.spec.options)) return undefined;
  return lr ?? (optimizer.spec.name === DEFAULT_OPTIMIZER ? DEFAULT_RATE : defaultRate(optimizer));
}

/** How long to train: unless the user says, so long that the model learns much and does not yet learn by heart. */
export function stepsFor({ steps }: Settings, { train }: Corpus): number {
  const suitable = 100 * Math.round((PASSES * train.length) / BATCH / 100);
  return steps ?? Math.min(Math.max(suitable, FEWEST_STEPS), ENOUGH_STEPS);
}

function describeCommand(): Command {
  return new Command("npm start --")
    .description(
      "Trains a neural language model on the characters of a text, checks that plain JavaScript gives the same bits, " +
        "times AdamW on every backend, writes some text of its own, and draws it all in one HTML page.",
    )
    .option("--text <file>", "UTF-8 text to learn from (default: the package's own documentation)")
    .addOption(
      new Option("--optimizer <name>", "optimizer to train with, in upper or lower case")
        .argParser(parseOptimizer)
        .default(findOptimizer(DEFAULT_OPTIMIZER), DEFAULT_OPTIMIZER),
    )
    .addOption(
      new Option(
        "--steps <number>",
        `steps to train for (default: about ten passes over the text, from ${count(FEWEST_STEPS)} to ${count(ENOUGH_STEPS)})`,
      ).argParser(wholeNumber(1, MOST_STEPS)),
    )
    .addOption(
      new Option("--backend <name>", "what runs the kernels; all give the same bits")
        .choices(["auto", "simd", "scalar", "reference"])
        .default("auto"),
    )
    .addOption(
      new Option("--seed <number>", "seed of the first parameters, the batches and the sample")
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .default(1),
    )
    .addOption(
      new Option(
        "--lr <number>",
        "peak of the learning rate, which warms up and then follows a cosine; unused by optimizers without one " +
          `(default: ${DEFAULT_RATE} for ${DEFAULT_OPTIMIZER}, otherwise the optimizer's own)`,
      ).argParser(positiveNumber),
    )
    .addOption(
      new Option("--bench-sizes <list>", 'parameter counts to time AdamW at, such as 4096,65536, or "none"')
        .argParser(parseSizes)
        .default(BENCH_SIZES, BENCH_SIZES.join()),
    )
    .option("--out <folder>", "where to write report.html", "out")
    .helpOption("--help", "show this help")
    .addHelpText("after", `\nOptimizers: ${optimizers.map(({ spec }) => spec.name).join(", ")}`)
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => {} });
}

function parseOptimizer(name: string): OptimizerClass {
  const found = findOptimizer(name);
  if (!found) throw new InvalidArgumentError("There is no such optimizer.");
  return found;
}

function wholeNumber(least: number, most: number): (argument: string) => number {
  return (argument) => {
    const value = Number(argument);
    if (!/^\d+$/.test(argument) || value < least || value > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

function positiveNumber(argument: string): number {
  const value = Number(argument);
  if (argument.trim() === "" || !(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return value;
}

function parseSizes(list: string): number[] {
  return list === "none" ? [] : list.split(",").map(wholeNumber(1, LARGEST_BENCH_SIZE));
}
