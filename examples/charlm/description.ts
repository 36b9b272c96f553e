/** A run in words, as names and values: printed before it starts, and listed in the report. */
import { cpus } from "node:os";
import type { Runtime } from "simd-optim";
import type { Corpus } from "./corpus.ts";
import { count } from "./count.ts";
import { BATCH, CONTEXT, HIDDEN, MAX_NORM, type Recipe, type Trainer, WIDTH } from "./training.ts";

export type Description = readonly (readonly [name: string, value: string])[];

export function describeRun(runtime: Runtime, corpus: Corpus, recipe: Recipe, trainer: Trainer): Description {
  const { vocabulary } = corpus;
  const { spec } = recipe.optimizer;
  const parameters = count(trainer.model.parameters.size);
  const state = count(Math.ceil(trainer.optimizer.bytes / 1024));
  return [
    ["text", describeText(corpus)],
    ...describeReplacement(corpus),
    [
      "model",
      `${CONTEXT} characters of width ${WIDTH}, ${HIDDEN} tanh units, ${vocabulary.length} outputs: ${parameters} parameters`,
    ],
    ["optimizer", `${spec.name} (${spec.cites}), ${state} KiB of state`],
    ["update rule", spec.rule],
    ["learning rate", describeRate(recipe)],
    ["training", `${count(recipe.steps)} steps on ${BATCH} characters each, gradient norm at most ${MAX_NORM}`],
    ["seed", String(recipe.seed)],
    ["backend", `${runtime.backend}: ${runtime.reason}`],
    ["computer", `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus()[0]?.model ?? "unknown"}`],
  ];
}

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

function describeRate({ optimizer, rate }: Recipe): string {
  if (rate === undefined) return `left to ${optimizer.spec.name}`;
  return `up to ${rate} in a straight line, then down along a cosine`;
}
