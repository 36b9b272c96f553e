/** The command line. */
import { Command, InvalidArgumentError, Option } from "commander";
import { parseSchedule, SimdOptimError } from "simd-optim";
import { namesOf, parseArguments, parseOptimizer, positiveNumber, wholeNumber } from "../support/command.ts";
import { count } from "../support/count.ts";
import { BAD_USAGE, Failure } from "../support/failure.ts";
import { DEFAULT_OPTIMIZER, findOptimizers, type OptimizerClass, optimizers } from "../support/optimizers.ts";
import { CURVES } from "../support/style.ts";
import { DEFAULT_RATE, ENOUGH_STEPS, FEWEST_STEPS, type Settings } from "./settings.ts";
import { BATCH } from "./training.ts";

const BENCH_SIZES = [2 ** 12, 2 ** 16, 2 ** 20, 2 ** 24];
/** As many as one figure can show so that they can be told apart. */
const MOST_COMPARED = CURVES.length;
const MOST_STEPS = 10_000_000;
const MOST_ACCUMULATED = 1000;
const LARGEST_BENCH_SIZE = 2 ** 27;
/** The options that several optimizers cannot share. */
const ONE_RUN = [
  ...["optimizer", "schedule", "accumulate", "spikes", "benchSizes"],
  ...["checkpoint", "resume", "saveEvery", "log", "tensorboard", "normsEvery"],
];

/** The settings; undefined where help was asked for and given. Throws a `Failure` for anything it cannot use. */
export function parseSettings(argv: readonly string[]): Settings | undefined {
  const settings = parseArguments<Settings>(describeCommand(), argv);
  if (!settings) return undefined;
  const { optimizer, schedule, resume, checkpoint } = settings;
  if (resume && checkpoint === undefined) {
    throw new Failure("option '--resume' needs '--checkpoint <file>' (see --help)", BAD_USAGE);
  }
  if (schedule !== undefined && !("lr" in optimizer.spec.options)) {
    throw new Failure(`option '--schedule': ${optimizer.spec.name} has no learning rate (see --help)`, BAD_USAGE);
  }
  return { ...settings, argv };
}

function describeCommand(): Command {
  return new Command("npm start --")
    .description(
      "Trains a neural language model on the characters of a text, checks that plain JavaScript gives the same bits, " +
        "times AdamW on every backend, writes some text of its own, and draws it all in one HTML page; or trains the " +
        "same model with several optimizers and draws how they compare.",
    )
    .optionsGroup("Training:")
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
        .conflicts(ONE_RUN),
    )
    .addOption(
      new Option(
        "--steps <number>",
        `steps to train for (default: about ten passes over the text, from ${count(FEWEST_STEPS)} to ` +
          `${count(ENOUGH_STEPS)}, which optimizers that are compared share)`,
      ).argParser(wholeNumber(1, MOST_STEPS)),
    )
    .addOption(
      new Option(
        "--lr <number>",
        "peak of the learning rate, which warms up and then follows a cosine; unused by optimizers without one " +
          `(default: ${DEFAULT_RATE} for ${DEFAULT_OPTIMIZER} alone, otherwise found in short trials)`,
      ).argParser(positiveNumber),
    )
    .addOption(
      new Option(
        "--schedule <expression>",
        'learning rate by step instead, such as "wsd({ peak: 0.003, warmup: 100, stable: 700, decay: 200 })"',
      )
        .argParser(parseExpression)
        .conflicts(["lr"]),
    )
    .addOption(
      new Option("--accumulate <number>", `batches of ${BATCH} characters whose mean gradient makes a step`)
        .argParser(wholeNumber(1, MOST_ACCUMULATED))
        .default(1),
    )
    .addOption(
      new Option(
        "--spikes <policy>",
        "what to do about a batch whose loss or gradient is out of line with those before",
      )
        .choices(["none", "skip", "clip", "rollback", "batchSkip"])
        .default("skip"),
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
    .optionsGroup("Saving and recording:")
    .option("--checkpoint <file>", "file to save the run to: now and then, at the end, and on Ctrl-C or SIGTERM")
    .option("--resume", "go on with the run that was saved there, to the same bits as if it had never stopped")
    .addOption(
      new Option("--save-every <steps>", "steps from one save to the next")
        .argParser(wholeNumber(1, MOST_STEPS))
        .default(500),
    )
    .option("--log <file>", "file to append a record of each step to, as a line of JSON")
    .option("--tensorboard <folder>", "folder to write the same into as an event file for TensorBoard")
    .addOption(
      new Option(
        "--norms-every <steps>",
        "steps from one record with the norms of update and parameters to the next (default: none has them)",
      ).argParser(wholeNumber(1, MOST_STEPS)),
    )
    .optionsGroup("Output:")
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
    .addHelpText(
      "after",
      `\nOptimizers: ${namesOf(optimizers)}\n\n` +
        "Other models, each with a --help of its own: --model gpt trains a small GPT on a text, --csv FILE --label COLUMN a\n" +
        "perceptron on a table.",
    );
}

function parseOptimizers(list: string): OptimizerClass[] {
  const found = list.split(",").map((name) => parseOptimizer(name.trim(), optimizers));
  if (new Set(found).size < found.length) throw new InvalidArgumentError("Expected each optimizer once.");
  if (found.length < 2 || found.length > MOST_COMPARED) {
    throw new InvalidArgumentError(`Expected from 2 to ${MOST_COMPARED} optimizers.`);
  }
  return found;
}

/** The expression as the schedule it makes would write it, by which saved runs are compared. */
function parseExpression(expression: string): string {
  try {
    return String(parseSchedule(expression));
  } catch (error) {
    throw error instanceof SimdOptimError ? new InvalidArgumentError(`${error.message}.`) : error;
  }
}

function parseExpressions(expression: string, before: readonly string[] = []): string[] {
  if (before.length === MOST_COMPARED) throw new InvalidArgumentError(`Expected at most ${MOST_COMPARED} schedules.`);
  return [...before, expression];
}

function parseSizes(list: string): number[] {
  return list === "none" ? [] : list.split(",").map(wholeNumber(1, LARGEST_BENCH_SIZE));
}
