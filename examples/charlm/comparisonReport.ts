/** The page that shows a comparison. */

import { count, rounded } from "../support/count.ts";
import type { Html } from "../support/html.ts";
import { figure, page, settingsSection, tableSection, tile } from "../support/page.ts";
import type { Description } from "../support/print.ts";
import { type Curve, comparisonFigure } from "./comparisonFigure.ts";
import { COLUMNS, cellsOf, type Entry, finalLoss, ranked } from "./comparisonTable.ts";

export interface Comparison {
  readonly entries: readonly Entry[];
  /** The loss of knowing only how frequent each character is. */
  readonly frequencyLoss: number;
  readonly description: Description;
}

/** The whole page. */
export function comparisonPage({ entries, frequencyLoss, description }: Comparison): string {
  const curves = ranked(entries.map((entry, i) => ({ ...entry, colour: i + 1 })));
  return page("A character model trained with several optimizers", tiles(curves), [
    figureSection(curves, frequencyLoss),
    tableSection(
      "Results",
      COLUMNS,
      curves.map(cellsOf),
      "Losses in nats per character; the training loss is smoothed. A learning rate that was not given is found in short " +
        "trials, in the same way for each optimizer.",
    ),
    settingsSection([...description, ...curves.map(describeEntry)]),
  ]);
}

function describeEntry({ name, use }: Entry): Description[number] {
  return [name, use.map(([title, value]) => `${title}: ${value}`).join("; ")];
}

function tiles(curves: readonly Curve[]): Html[] {
  const [best] = curves as [Curve];
  const steps = best.history.losses.length;
  const seconds = curves.reduce((sum, { history }) => sum + history.here.seconds, 0);
  const { steps: checked } = best.check;
  const equal = curves.filter(({ check }) => check.differing === 0).length;
  const every = equal === curves.length;
  return [
    tile("lowest held-out loss", rounded(finalLoss(best)), `nats per character, with ${best.name}`),
    tile("training", `${seconds.toFixed(1)} s`, `${count(steps)} steps with each of ${curves.length} optimizers`),
    tile(
      "cross-check",
      every ? "same bits" : "bits differ",
      `${checked} steps on reference, for ${equal} of ${curves.length} optimizers`,
      every ? "good" : "bad",
    ),
  ];
}

function figureSection(curves: readonly Curve[], frequencyLoss: number): Html {
  return figure(
    "Comparison",
    curves.map((curve) => [`curve-${curve.colour}`, `${curve.name} ${rounded(finalLoss(curve))}`]),
    (width) => comparisonFigure(curves, frequencyLoss, width),
    "The same model, from the same start on the same batches. The numbers are the final losses on the held-out text, " +
      `lowest first; knowing only how frequent each character is would give ${rounded(frequencyLoss)}.`,
  );
}
