/** A comparison: the same model from the same start on the same batches, with one optimizer after the other. */
import { load, Network, type Runtime } from "simd-optim";
import { type Corpus, frequencyLoss } from "../support/corpus.ts";
import type { OptimizerClass } from "../support/optimizers.ts";
import { line, lines, losses } from "../support/print.ts";
import { withProgress } from "../support/progress.ts";
import { comparisonTable, type Entry, ranked } from "./comparisonTable.ts";
import { checkFailure, crossCheck, describeCrossCheck } from "./crossCheck.ts";
import { describeSetup, describeTask, describeUse } from "./description.ts";
import { History } from "./history.ts";
import { characterModel } from "./model.ts";
import { askedRate, type Settings, stepsFor } from "./options.ts";
import type { Outcome } from "./run.ts";
import { train } from "./train.ts";
import { CHECKED_STEPS, modelShape, Trainer } from "./training.ts";
import { chooseRate, MOST_TRIALS } from "./trials.ts";

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
  const { rate, trials } = await withProgress("rate trials", MOST_TRIALS, (advance) =>
    chooseRate(runtime, corpus, { optimizer, steps, seed }, askedRate(settings), advance, signal),
  );
  const recipe = { optimizer, steps, seed, rate };
  const trainer = new Trainer(runtime, corpus, recipe);
  const use = describeUse(recipe, trainer, trials);
  lines(use);

  const history = new History();
  await withProgress("training", steps, (advance) =>
    train(trainer, history, {
      steps,
      signal,
      progress: (step, loss, heldOut) => advance(step, losses(loss, heldOut)),
    }),
  );
  signal.throwIfAborted();
  const checked = Math.min(CHECKED_STEPS, steps);
  const check = await withProgress("cross-check", checked, (advance) =>
    crossCheck(corpus, recipe, checked, history.early, advance, signal),
  );
  line("cross-check", describeCrossCheck(check));
  return { name, rate, use, history, check, bytes: trainer.optimizer.bytes };
}
