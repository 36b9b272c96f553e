/** The page that shows a run. */
import { count, counted, rounded } from "../charlm/count.ts";
import type { Description } from "../charlm/description.ts";
import { type Html, html } from "../charlm/html.ts";
import { figure, page, settingsSection, tile } from "../charlm/page.ts";
import type { ClassificationResult, RegressionResult } from "./evaluation.ts";
import { confusionFigure, lossFigure, predictionFigure } from "./figures.ts";
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
    lossSection(outcome),
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

function lossSection({ history, result, recipe }: Outcome): Html {
  const name = result.task === "classification" ? "cross-entropy (nats)" : "squared error (variances of the label)";
  return figure(
    "Loss",
    [
      ["train faint", "training batches"],
      ["train", "training, smoothed"],
      ["held-out", "held-out rows"],
    ],
    (width) => lossFigure(history, name, width),
    `The loss on rows the model never trained on goes ${lossWords(history, recipe.patience < Infinity)}.`,
  );
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
  const rows = scores.map(
    ({ label, precision, recall, rows }) =>
      html`<tr><th scope="row">${label}</th><td>${percent(precision)}</td><td>${percent(recall)}</td><td>${count(rows)}</td></tr>`,
  );
  return html`<section>
<h2>Classes</h2>
<div class="scroll">
<table class="numbers">
<thead><tr><th scope="col">class</th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">rows</th></tr></thead>
<tbody>${rows}</tbody>
</table>
</div>
<p class="caption">Precision: of the rows predicted to be of a class, the share that is. Recall: of the rows of a class, the share predicted to be.</p>
</section>`;
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
