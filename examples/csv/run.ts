/** A run, from the table to the report. */
import { load, type Runtime } from "simd-optim";
import { counted } from "../support/count.ts";
import { line, lines, losses } from "../support/print.ts";
import { withProgress } from "../support/progress.ts";
import { readText } from "../support/text.ts";
import { type Prepared, prepare } from "./data.ts";
import { describeRun } from "./description.ts";
import { largestOutputs, type Result, scoreClasses, scoreNumbers } from "./evaluation.ts";
import { classifier, type Objective, regressor } from "./model.ts";
import { epochsFor, rateFor, type Settings } from "./options.ts";
import { encodeOther, predictionsFile } from "./predictions.ts";
import { confusionText, lossWords, resultLines, scoresText } from "./resultText.ts";
import { parseTable } from "./table.ts";
import { type History, type Recipe, Trainer, train } from "./training.ts";

/** A run that has ended. */
export interface Outcome {
  readonly prepared: Prepared;
  readonly recipe: Recipe;
  readonly history: History;
  readonly result: Result;
}

/** What is to be written. */
export interface Files {
  readonly report: string;
  readonly predictions: string | undefined;
}

/** Trains and evaluates, printing how it goes. */
export async function run(settings: Settings, signal: AbortSignal): Promise<Files> {
  const prepared = prepare(parseTable(readText(settings.csv, "--csv"), settings), settings);
  const { predict } = settings;
  const other = predict === undefined ? undefined : parseTable(readText(predict, "--predict"), settings);
  const otherRows = other && encodeOther(other, prepared);
  const runtime = await load({ backend: settings.backend });
  const objective = objectiveOf(runtime, prepared, settings);
  const recipe = recipeOf(settings, prepared, objective);
  const trainer = new Trainer(runtime, objective, prepared.data.train, recipe);
  const description = describeRun(runtime, settings, prepared, recipe, trainer);
  lines(description);

  console.log();
  const history = await withProgress("training", recipe.steps, (advance) =>
    train(trainer, prepared.data, recipe, (step, loss, heldOut) => advance(step, losses(loss, heldOut)), signal),
  );
  const result = evaluate(trainer, prepared);
  line("trained", `${counted(history.losses.length, "step")} in ${history.seconds.toFixed(1)} s`);
  line("held-out loss", lossWords(history, settings.patience !== undefined));
  lines(resultLines(result));
  if (result.task === "classification") console.log(`\n${confusionText(result)}\n\n${scoresText(result)}\n`);

  // Only here: loading what draws takes as long as loading all the rest.
  const { reportPage } = await import("./report.ts");
  return {
    report: reportPage({ prepared, recipe, history, result }, description),
    predictions: other && otherRows && predictionsFile(other, otherRows, trainer, prepared),
  };
}

function objectiveOf(runtime: Runtime, { labelled, train }: Prepared, { classWeights }: Settings): Objective {
  const { target } = labelled;
  if (target.task === "regression") return regressor;
  const classes = target.classes.length;
  if (classWeights === "none") return classifier(classes, undefined);
  const counts = new Float64Array(classes);
  for (const place of train) counts[target.values[place]!]!++;
  // Of a class with no row to learn from, the weight is never used.
  const values = counts.map((rows) => (rows === 0 ? 0 : train.length / (classes * rows)));
  return classifier(classes, runtime.tensor([classes], { values }));
}

function recipeOf(settings: Settings, { data, features }: Prepared, { outputs }: Objective): Recipe {
  const { hidden, activation, dropout, optimizer, batchSize, patience = Infinity, seed } = settings;
  const rows = data.train.count;
  const batch = Math.min(batchSize, rows);
  const steps = epochsFor(settings, rows) * Math.ceil(rows / batch);
  const shape = { inputs: features.inputs, hidden, outputs, activation, dropout };
  return { shape, optimizer, rate: rateFor(settings), steps, batch, patience, seed };
}

function evaluate(trainer: Trainer, { labelled: { target }, heldOut, train, data, scale }: Prepared): Result {
  const outputs = trainer.predict(data.heldOut);
  if (target.task === "regression") {
    const truth = Float64Array.from(heldOut, (place) => target.values[place]!);
    return scoreNumbers(
      truth,
      Float64Array.from(outputs, (output) => scale.mean + scale.deviation * output),
      scale.mean,
    );
  }
  const classOf = (place: number) => target.values[place]!;
  const predicted = largestOutputs(outputs, target.classes.length);
  return scoreClasses(target.classes, heldOut.map(classOf), predicted, train.map(classOf));
}
