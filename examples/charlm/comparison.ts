/** A comparison: the same model from the same start on the same batches, with one optimizer after the other. */
import { load, Network, type Runtime } from "simd-optim";
import { type Corpus, frequencyLoss } from "../support/corpus.ts";
import type { OptimizerClass } from "../support/optimizers.ts";
import { line, lines } from "../support/print.ts";
import { comparisonTable, type Entry, ranked } from "./comparisonTable.ts";
import { checkFailure, checkRun } from "./crossCheck.ts";
import { describeSetup, describeTask, describeUse } from "./description.ts";
import { characterModel } from "./model.ts";
import { type Settings, stepsFor } from "./options.ts";
import type { Outcome } from "./run.ts";
import { findRate, Session } from "./session.ts";
import { modelShape } from "./training.ts";

/** Trains and checks with each optimizer, printing how it goes. */
export async function compareOptimizers(
  compared: readonly OptimizerClass[],
  settings: Settings,
  corpus: Corpus,
  signal: AbortSignal,
): Promise<Outcome> {
  const { seed } = settings;
  const steps = stepsFor(settings, corpus);
  const runtime = await load({ backend: settings.backend });
  const task = describeTask(corpus, new Network(runtime, characterModel(modelShape(corpus))));
  const description = [...task, ...describeSetup(runtime, { steps, seed })];
  lines(description);

  const entries: Entry[] = [];
  for (const optimizer of compared) {
    console.log();
    entries.push(await enter(optimizer, settings, steps, runtime, corpus, signal));
  }
  console.log(`\n${comparisonTable(ranked(entries))}\n`);

  // Only here: loading what draws takes as long as loading all the rest.
  const { comparisonPage } = await import("./comparisonReport.ts");
  const page = comparisonPage({ entries, frequencyLoss: frequencyLoss(corpus), description });
  return { page, failure: checkFailure(entries.map(({ check }) => check)) };
}

async function enter(
  optimizer: OptimizerClass,
  settings: Settings,
  steps: number,
  runtime: Runtime,
  corpus: Corpus,
  signal: AbortSignal,
): Promise<Entry> {
  const { seed } = settings;
  const { name } = optimizer.spec;
  line("optimizer", name);
  const { rate, trials } = await findRate(runtime, corpus, { optimizer, steps, seed }, settings, signal);
  const recipe = { optimizer, steps, seed, rate };
  const session = new Session({ recipe, trials, file: undefined, saved: undefined }, runtime, corpus, settings);
  const { trainer, history } = session;
  const use = describeUse(recipe, trainer, trials);
  lines(use);
  await session.train(signal);
  const check = await checkRun(corpus, recipe, history, signal);
  return { name, rate, use, history, check, bytes: trainer.optimizer.bytes };
}
