/** The page that shows a run. */
import { count, counted, rounded } from "../support/count.ts";
import type { Html } from "../support/html.ts";
import { lossSection } from "../support/lossFigure.ts";
import { figure, page, settingsSection, tableSection, tile } from "../support/page.ts";
import type { Description } from "../support/print.ts";
import type { ClassificationResult, RegressionResult } from "./evaluation.ts";
import { confusionFigure, predictionFigure } from "./figures.ts";
import { lossWords, percent } from "./resultText.ts";
import type { Outcome } from "./run.ts";

/** As many classes as a figure can show. */
const MOST_DRAWN = 30;

export function reportPage(outcome: Outcome, description: Description): string {
  const { prepared, result } = outcome;
  const [first, ...rest] =
    result.task === "classification" ? classificationSections(result) : [predictionSection(result, prepared.label)];
  return page(`${prepared.label} predicted from ${prepared.table.title}`, tiles(outcome), [
    ...(first ? [first] : []),
    lossOf(outcome),
    ...rest,
    settingsSection(description),
  ]);
}

function tiles({ result, history, prepared }: Outcome): Html[] {
  const rows = `on ${counted(prepared.heldOut.length, "row")} held out`;
  const speed = count(Math.round(history.losses.length / history.seconds));
  const training = tile(
    "training",
    `${history.seconds.toFixed(1)} s`,
    `${counted(history.losses.length, "step")}, ${speed} a second`,
  );
  if (result.task === "classification") {
    const { accuracy, baseline } = result;
    return [
      tile("accuracy", percent(accuracy), rows, accuracy > baseline.accuracy ? "good" : "bad"),
      tile("baseline", percent(baseline.accuracy), `always saying ${baseline.label}`),
      training,
    ];
  }
  const { rmse, r2, baseline } = result;
  return [
    tile("RMSE", rounded(rmse), rows, rmse < baseline.rmse ? "good" : "bad"),
    tile("R\u00b2", rounded(r2), "share of the variance that is explained"),
    tile("baseline RMSE", rounded(baseline.rmse), `always saying ${rounded(baseline.mean)}`),
    training,
  ];
}

function lossOf({ history, result, recipe }: Outcome): Html {
  const { losses, heldOut, kept } = history;
  const name = result.task === "classification" ? "cross-entropy (nats)" : "squared error (variances of the label)";
  return lossSection({
    ...{ losses: [...losses], heldOut, of: "rows", label: `${name}, logarithmic`, kept: kept.step },
    caption: `The loss on rows the model never trained on goes ${lossWords(history, recipe.patience < Infinity)}.`,
  });
}

function classificationSections(result: ClassificationResult): Html[] {
  const { scores } = result;
  if (scores.length > MOST_DRAWN) return [scoresSection(result)];
  const drawn = figure(
    "Confusion",
    [],
    (width) => confusionFigure(result, width),
    "How many held-out rows of each class were predicted to be of which; right in the diagonal. The colour is the " +
      "stronger, the larger the share of the rows of the true class.",
  );
  return [drawn, scoresSection(result)];
}

function scoresSection({ scores }: ClassificationResult): Html {
  return tableSection(
    "Classes",
    ["class", "precision", "recall", "rows"],
    scores.map(({ label, precision, recall, rows }) => [label, percent(precision), percent(recall), count(rows)]),
    "Precision: of the rows predicted to be of a class, the share that is. Recall: of the rows of a class, the share " +
      "predicted to be.",
  );
}

function predictionSection(result: RegressionResult, label: string): Html {
  return figure(
    "Predictions",
    [],
    (width) => predictionFigure(result, label, width),
    `Each point is a held-out row; on the line, its prediction would be right. The root of the mean squared error is ` +
      `${rounded(result.rmse)}; always saying the mean, it would be ${rounded(result.baseline.rmse)}.`,
  );
}
