/** The command line. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { LoadOptions } from "simd-optim";
import { namesOf, parseArguments, parseOptimizer, positiveNumber, wholeNumber } from "./command.ts";
import type { Corpus } from "./corpus.ts";
import { count } from "./count.ts";
import { DEFAULT_OPTIMIZER, findOptimizers, type OptimizerClass, optimizers } from "./optimizers.ts";
import { CURVES } from "./reportStyle.ts";
import { BATCH } from "./training.ts";

export interface Settings {
  /** A file; the package's own documentation without one. */
  readonly text?: string;
  readonly optimizer: OptimizerClass;
  /** The optimizers to compare, instead of training with one. */
  readonly compare?: readonly OptimizerClass[];
  /** How long to train; as long as suits the text, without it. */
  readonly steps?: number;
  readonly backend: NonNullable<LoadOptions["backend"]>;
  readonly seed: number;
  /** The peak of the learning rate the user asked for, which an optimizer without one does not use. */
  readonly lr?: number;
  readonly benchSizes: readonly number[];
  /** Expressions of schedules to draw, instead of training. */
  readonly plotSchedule?: readonly string[];
  /** The folder of the report. */
  readonly out: string;
}

/** The learning rate of the default optimizer that suits this model better than the optimizer's own default. */
const DEFAULT_RATE = 0.003;
const BENCH_SIZES = [2 ** 12, 2 ** 16, 2 ** 20, 2 ** 24];
const FEWEST_STEPS = 1000;
const ENOUGH_STEPS = 8000;
const PASSES = 10;
/** As many as one figure can show so that they can be told apart. */
const MOST_COMPARED = CURVES.length;
const MOST_STEPS = 10_000_000;
const LARGEST_BENCH_SIZE = 2 ** 27;

/** The settings; undefined where help was asked for and given. Throws a `Failure` for anything it cannot use. */
export function parseSettings(argv: readonly string[]): Settings | undefined {
  return parseArguments<Settings>(describeCommand(), argv);
}

/** The learning rate that is not to be found by trial, if there is one. */
export function askedRate({ optimizer, compare, lr }: Settings): number | undefined {
  return lr ?? (!compare && optimizer.spec.name === DEFAULT_OPTIMIZER ? DEFAULT_RATE : undefined);
}

/**
 * How long to train: unless the user says, so long that the model learns much and does not yet learn by heart; several
 * optimizers share what one may take.
 */
export function stepsFor({ steps, compare }: Settings, { train }: Corpus): number {
  const suitable = 100 * Math.round((PASSES * train.length) / BATCH / 100);
  const most = 100 * Math.round(ENOUGH_STEPS / (compare?.length ?? 1) / 100);
  return steps ?? Math.min(Math.max(suitable, FEWEST_STEPS), most);
}

function describeCommand(): Command {
  return new Command("npm start --")
    .description(
      "Trains a neural language model on the characters of a text, checks that plain JavaScript gives the same bits, " +
        "times AdamW on every backend, writes some text of its own, and draws it all in one HTML page; or trains the " +
        "same model with several optimizers and draws how they compare.",
    )
    .option("--text <file>", "UTF-8 text to learn from (default: the package's own documentation)")
    .addOption(
      new Option("--optimizer <name>", "optimizer to train with, in upper or lower case; the start of its name will do")
        .argParser((name) => parseOptimizer(name, optimizers))
        .default(findOptimizers(DEFAULT_OPTIMIZER, optimizers)[0], DEFAULT_OPTIMIZER),
    )
    .addOption(
      new Option(
        "--compare <names>",
        `from 2 to ${MOST_COMPARED} optimizers to compare, such as adamw,lion,prodigy; nothing is timed or written then`,
      )
        .argParser(parseOptimizers)
        .conflicts(["optimizer", "benchSizes"]),
    )
    .addOption(
      new Option(
        "--steps <number>",
        `steps to train for (default: about ten passes over the text, from ${count(FEWEST_STEPS)} to ` +
          `${count(ENOUGH_STEPS)}, which optimizers that are compared share)`,
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
          `(default: ${DEFAULT_RATE} for ${DEFAULT_OPTIMIZER} alone, otherwise found in short trials)`,
      ).argParser(positiveNumber),
    )
    .addOption(
      new Option("--bench-sizes <list>", 'parameter counts to time AdamW at, such as 4096,65536, or "none"')
        .argParser(parseSizes)
        .default(BENCH_SIZES, BENCH_SIZES.join()),
    )
    .addOption(
      new Option(
        "--plot-schedule <expression>",
        "schedule to draw into schedule.svg instead of training, such as " +
          `"warmupCosine({ peak: 0.003, warmup: 100, total: 1000 })"; may be given up to ${MOST_COMPARED} times`,
      )
        .argParser(parseExpressions)
        .conflicts(["compare", "optimizer"]),
    )
    .option("--out <folder>", "where to write report.html", "out")
    .addHelpText("after", `\nOptimizers: ${namesOf(optimizers)}`);
}

function parseOptimizers(list: string): OptimizerClass[] {
  const found = list.split(",").map((name) => parseOptimizer(name.trim(), optimizers));
  if (new Set(found).size < found.length) throw new InvalidArgumentError("Expected each optimizer once.");
  if (found.length < 2 || found.length > MOST_COMPARED) {
    throw new InvalidArgumentError(`Expected from 2 to ${MOST_COMPARED} optimizers.`);
  }
  return found;
}

function parseExpressions(expression: string, before: readonly string[] = []): string[] {
  if (before.length === MOST_COMPARED) throw new InvalidArgumentError(`Expected at most ${MOST_COMPARED} schedules.`);
  return [...before, expression];
}

function parseSizes(list: string): number[] {
  return list === "none" ? [] : list.split(",").map(wholeNumber(1, LARGEST_BENCH_SIZE));
}
