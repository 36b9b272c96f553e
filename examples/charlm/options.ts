/** The command line. */
import { Command, InvalidArgumentError } from "commander";
import { parseSchedule, SimdOptimError } from "simd-optim";
import type { Corpus } from "../support/corpus.ts";
import { count } from "../support/count.ts";
import { BAD_USAGE, Failure } from "../support/failure.ts";
import { DEFAULT_OPTIMIZER, type OptimizerClass, optimizers } from "../support/optimizers.ts";
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
  parseOptimizer,
  peakOr,
  type SettingsOf,
  seedOf,
  TEXT,
  wholeNumber,
} from "../support/options.ts";
import { CURVES } from "../support/style.ts";
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
/** The learning rate of the default optimizer that suits this model better than the optimizer's own default. */
const DEFAULT_RATE = 0.003;
/** Fewest and most steps without being asked for any. */
const FEWEST_STEPS = 1000;
const ENOUGH_STEPS = 8000;
const PASSES = 10;

const TRAINING = [
  TEXT,
  optimizerOf(optimizers),
  option(
    "--compare <names>",
    `from 2 to ${MOST_COMPARED} optimizers to compare, such as adamw,lion,prodigy; nothing is timed or written then`,
    parseOptimizers,
  ).conflicts(ONE_RUN),
  option(
    "--steps <number>",
    `steps to train for (default: about ten passes over the text, from ${count(FEWEST_STEPS)} to ` +
      `${count(ENOUGH_STEPS)}, which optimizers that are compared share)`,
    wholeNumber(1, MOST_STEPS),
  ),
  peakOr(`${DEFAULT_RATE} for ${DEFAULT_OPTIMIZER} alone, otherwise found in short trials`),
  option(
    "--schedule <expression>",
    'learning rate by step instead, such as "wsd({ peak: 0.003, warmup: 100, stable: 700, decay: 200 })"',
    parseExpression,
  ).conflicts(["lr"]),
  optionOr(
    "--accumulate <number>",
    `batches of ${BATCH} characters whose mean gradient makes a step`,
    1,
    wholeNumber(1, MOST_ACCUMULATED),
  ),
  choice(
    "--spikes <policy>",
    "what to do about a batch whose loss or gradient is out of line with those before",
    ["none", "skip", "clip", "rollback", "batchSkip"],
    "skip",
  ),
  BACKEND,
  seedOf("the first parameters, the batches and the sample"),
] as const;

const SAVING = [
  option("--checkpoint <file>", "file to save the run to: now and then, at the end, and on Ctrl-C or SIGTERM"),
  option<"--resume", true>(
    "--resume",
    "go on with the run that was saved there, to the same bits as if it had never stopped",
  ),
  optionOr("--save-every <steps>", "steps from one save to the next", 500, wholeNumber(1, MOST_STEPS)),
  option("--log <file>", "file to append a record of each step to, as a line of JSON"),
  option("--tensorboard <folder>", "folder to write the same into as an event file for TensorBoard"),
  option(
    "--norms-every <steps>",
    "steps from one record with the norms of update and parameters to the next (default: none has them)",
    wholeNumber(1, MOST_STEPS),
  ),
] as const;

const OUTPUT = [
  optionOr(
    "--bench-sizes <list>",
    'parameter counts to time AdamW at, such as 4096,65536, or "none"',
    BENCH_SIZES,
    listOf(wholeNumber(1, LARGEST_BENCH_SIZE)),
    BENCH_SIZES.join(),
  ),
  option(
    "--plot-schedule <expression>",
    "schedule to draw into schedule.svg instead of training, such as " +
      `"warmupCosine({ peak: 0.003, warmup: 100, total: 1000 })"; may be given up to ${MOST_COMPARED} times`,
    parseExpressions,
  ).conflicts(["compare", "optimizer"]),
  optionOr("--out <folder>", "where to write report.html", "out"),
] as const;

export type Settings = SettingsOf<typeof TRAINING> &
  SettingsOf<typeof SAVING> &
  SettingsOf<typeof OUTPUT> & {
    /** The command line that says all this. */
    readonly argv: readonly string[];
  };

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
  const command = new Command("npm start --").description(
    "Trains a neural language model on the characters of a text, checks that plain JavaScript gives the same bits, " +
      "times AdamW on every backend, writes some text of its own, and draws it all in one HTML page; or trains the " +
      "same model with several optimizers and draws how they compare.",
  );
  addOptions(command.optionsGroup("Training:"), TRAINING);
  addOptions(command.optionsGroup("Saving and recording:"), SAVING);
  return addOptions(command.optionsGroup("Output:"), OUTPUT).addHelpText(
    "after",
    `\nOptimizers: ${namesOf(optimizers)}\n\n` +
      "Other models, each with a --help of its own: --model gpt trains a small GPT on a text, --csv FILE --label COLUMN a\n" +
      "perceptron on a table.",
  );
}

/** The learning rate that is not to be found by trial, if there is one. */
export function askedRate({ optimizer, compare, lr }: Settings): number | undefined {
  return lr ?? (!compare && optimizer.spec.name === DEFAULT_OPTIMIZER ? DEFAULT_RATE : undefined);
}

/**
 * How long to train: unless the user says, so long that the model learns much and does not yet learn by heart; several
 * optimizers share what one may take.
 */
export function stepsFor({ steps, compare, accumulate }: Settings, { train }: Corpus): number {
  const suitable = 100 * Math.round((PASSES * train.length) / (BATCH * accumulate) / 100);
  const most = 100 * Math.round(ENOUGH_STEPS / (compare?.length ?? 1) / 100);
  return steps ?? Math.min(Math.max(suitable, FEWEST_STEPS), most);
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
