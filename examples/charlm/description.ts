/** A run in words, as names and values: printed before it starts, and listed in the report. */
import type { Network, Runtime, SpikePolicy } from "simd-optim";
import type { Corpus } from "../support/corpus.ts";
import { count, rounded } from "../support/count.ts";
import { averages, boundsSteps } from "../support/optimizers.ts";
import { type Description, describeMachine } from "../support/print.ts";
import type { GuardEvent, History } from "./history.ts";
import { BATCH, CONTEXT, HIDDEN, MAX_NORM, type Recipe, type Trainer, WIDTH } from "./training.ts";
import type { Trial } from "./trials.ts";

/** A run, from the text to the computer. */
export function describeRun(
  runtime: Runtime,
  corpus: Corpus,
  recipe: Recipe,
  trainer: Trainer,
  trials: readonly Trial[],
): Description {
  return [
    ...describeTask(corpus, trainer.network),
    ...describeOptimizer(recipe, trainer, trials),
    ...describeSetup(runtime, recipe),
    ...describeGuard(recipe),
  ];
}

/** What is learned from, and what learns. */
export function describeTask(corpus: Corpus, { parameters }: Network): Description {
  const outputs = corpus.vocabulary.length;
  const layers = `${CONTEXT} characters of width ${WIDTH}, ${HIDDEN} tanh units, ${outputs} outputs`;
  return [
    ["text", describeText(corpus)],
    ...describeReplacement(corpus),
    ["model", `${layers}: ${count(parameters.size)} parameters`],
  ];
}

function describeOptimizer(recipe: Recipe, trainer: Trainer, trials: readonly Trial[]): Description {
  const { spec } = recipe.optimizer;
  const state = count(Math.ceil(trainer.optimizer.bytes / 1024));
  return [
    ["optimizer", `${spec.name} (${spec.cites}), ${state} KiB of state`],
    ["update rule", spec.rule],
    ...describeUse(recipe, trainer, trials),
  ];
}

/** How an optimizer is used here. */
export function describeUse(recipe: Recipe, trainer: Trainer, trials: readonly Trial[]): Description {
  return [
    ["learning rate", describeRate(recipe)],
    ...describeTrials(trials),
    ...describeFrozen(trainer, recipe.optimizer.spec.name),
  ];
}

/** How it is learned. */
export function describeSetup(
  runtime: Runtime,
  { steps, seed, accumulate = 1 }: Pick<Recipe, "steps" | "seed" | "accumulate">,
): Description {
  const batch = accumulate === 1 ? BATCH : `${accumulate} times ${BATCH}`;
  return [
    ["training", `${count(steps)} steps on ${batch} characters each, gradient norm at most ${MAX_NORM}`],
    ["seed", String(seed)],
    ...describeMachine(runtime),
  ];
}

function describeGuard({ spikes }: Recipe): Description {
  return spikes ? [["spike guard", GUARDED[spikes]]] : [];
}

const GUARDED: Readonly<Record<SpikePolicy, string>> = {
  skip: "leaves out batches that are out of line with those before",
  clip: "clips the gradients of batches that are out of line to their usual norm",
  rollback: "goes back to a snapshot from before a batch that is out of line",
  batchSkip: "goes back to a snapshot from before a batch that is out of line, and leaves out those around it",
};

/** How much was trained, and what of it by this process. */
export function describeTraining({ steps, here }: History): string {
  const all = `${count(steps)} steps`;
  if (here.steps === 0) return `${all}, before this run was resumed`;
  const time = `in ${here.seconds.toFixed(1)} s`;
  return here.steps === steps ? `${all} ${time}` : `${all}, the last ${count(here.steps)} ${time}`;
}

/** What the guard did, and what steps were left out: how often, and the first times with reasons. */
export function describeGuarded({ spikes, leftOut }: History): Description {
  return [...describeEvents("spikes", spikes), ...describeEvents("left out", leftOut)];
}

function describeEvents(name: string, events: readonly GuardEvent[]): Description {
  if (events.length === 0) return [];
  const shown = events.slice(0, SHOWN).map(({ step, action, reason }) => `${action} at step ${count(step)}: ${reason}`);
  const rest = events.length > SHOWN ? ["..."] : [];
  return [[name, `${count(events.length)} in all; ${[...shown, ...rest].join("; ")}`]];
}

/** Events that are told one by one, at most. */
const SHOWN = 5;

function describeText({ title, train, heldOut, distinct }: Corpus): string {
  const characters = count(train.length + heldOut.length);
  return `${title}: ${characters} characters, ${count(distinct)} distinct; the last ${count(heldOut.length)} held out`;
}

/** What became of rare characters, where there are too many distinct ones. */
function describeReplacement({ vocabulary, distinct, replaced, train, heldOut }: Corpus): Description {
  if (distinct <= vocabulary.length) return [];
  const share = ((100 * replaced) / (train.length + heldOut.length)).toFixed(1);
  const kept = `the ${count(vocabulary.length - 1)} most frequent of ${count(distinct)} characters`;
  return [["vocabulary", `${kept}; the rest, ${share} % of the text, is read as ${vocabulary.at(-1)}`]];
}

function describeRate({ optimizer, rate, schedule }: Recipe): string {
  if (schedule !== undefined) return schedule;
  if (rate === undefined) return `left to ${optimizer.spec.name}`;
  const rest = averages(optimizer) ? "kept, since the optimizer averages instead" : "down along a cosine";
  const bound = boundsSteps(optimizer) ? "; no step is larger" : "";
  return `up to ${rate} in a straight line, then ${rest}${bound}`;
}

/** How a learning rate was found, where it was by trial. */
function describeTrials(trials: readonly Trial[]): Description {
  if (trials.length === 0) return [];
  const results = trials.map(({ rate, loss }) => `${loss === Infinity ? "none" : rounded(loss)} at ${rate}`).join(", ");
  return [["rate by trial", `the one below the best; loss after short runs: ${results}`]];
}

/** The parameters that stay as they are, if the optimizer refuses some. */
function describeFrozen({ network }: Trainer, optimizer: string): Description {
  const frozen = network.parameters.where((parameter) => parameter.frozen).map(({ name }) => name);
  return frozen.length === 0 ? [] : [["frozen", `${frozen.join(", ")}, which ${optimizer} does not take`]];
}
