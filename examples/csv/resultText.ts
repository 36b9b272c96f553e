/** Results in words and as text tables. */

import { printable } from "../support/corpus.ts";
import { count, counted, rounded } from "../support/count.ts";
import { aligned, type Description } from "../support/print.ts";
import type { ClassificationResult, Result } from "./evaluation.ts";
import type { History } from "./training.ts";

/** As many classes as a table is still readable with. */
const MOST_COLUMNS = 20;
const LONGEST_LABEL = 16;

export function percent(share: number): string {
  return Number.isNaN(share) ? "\u2013" : `${(100 * share).toFixed(1)} %`;
}

/** How good the predictions are, and how good they would be without inputs. */
export function resultLines(result: Result): Description {
  if (result.task === "classification") {
    const { accuracy, baseline, scores } = result;
    const rows = scores.reduce((sum, score) => sum + score.rows, 0);
    return [
      ["accuracy", `${percent(accuracy)} of ${counted(rows, "held-out row")}`],
      ["baseline", `${percent(baseline.accuracy)}, always saying ${baseline.label}`],
    ];
  }
  const { rmse, r2, baseline, truth } = result;
  return [
    ["RMSE", `${rounded(rmse)} on ${counted(truth.length, "held-out row")}`],
    ["R\u00b2", r2.toFixed(4)],
    ["baseline", `RMSE ${rounded(baseline.rmse)}, always saying ${rounded(baseline.mean)}`],
  ];
}

/** How the loss on rows held out went, up to the model that is kept, and whether an earlier one was better there. */
export function lossWords({ heldOut, kept, losses }: History, stopsEarly: boolean): string {
  const from = `from ${rounded(heldOut[0]!.loss)} to ${rounded(kept.loss)}`;
  const model = kept.step < losses.length ? `, with the parameters after step ${count(kept.step)}, which are kept` : "";
  const before = heldOut.filter(({ step }) => step < kept.step);
  const lowest = before.reduce((best, point) => (point.loss < best.loss ? point : best), kept);
  if (kept.loss <= OVERFIT * lowest.loss) return from + model;
  const since = `it was ${rounded(lowest.loss)} at step ${count(lowest.step)}, and since then the model overfits`;
  return `${from}${model}; ${since}${stopsEarly ? "" : ": see --patience"}`;
}

/** The rise of the loss over its lowest that is not put down to chance. */
const OVERFIT = 1.1;

/** True classes downwards, predicted ones to the right. */
export function confusionText({ confusion, scores }: ClassificationResult): string {
  if (scores.length > MOST_COLUMNS) return `(${scores.length} classes: too many for a confusion table)`;
  const labels = scores.map(({ label }) => shortened(label));
  const head = ["true \\ predicted", ...labels];
  return aligned([head, ...confusion.map((row, id) => [labels[id]!, ...row.map(String)])]);
}

/** Precision, recall and rows of each class. */
export function scoresText({ scores }: ClassificationResult): string {
  const rows = scores.map(({ label, precision, recall, rows }) => [
    shortened(label),
    percent(precision),
    percent(recall),
    String(rows),
  ]);
  return aligned([["class", "precision", "recall", "rows"], ...rows]);
}

/** A label on one line; of a long one the ends, since one of them tells it from others. */
export function shortened(label: string): string {
  const clean = printable(label).replace(/\s+/g, " ");
  const end = LONGEST_LABEL / 2;
  return clean.length > LONGEST_LABEL ? `${clean.slice(0, end)}\u2026${clean.slice(1 - end)}` : clean;
}
