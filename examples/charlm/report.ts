/** The page that shows a run. */

import { count, rounded } from "../support/count.ts";
import type { Html } from "../support/html.ts";
import { lossSection } from "../support/lossFigure.ts";
import { figure, page, sampleSection, settingsSection, tile } from "../support/page.ts";
import type { Description } from "../support/print.ts";
import type { Written } from "../support/sampling.ts";
import type { Row } from "./benchmark.ts";
import { type CrossCheck, describeCrossCheck, differingParameters } from "./crossCheck.ts";
import { describeGuarded } from "./description.ts";
import { gradNormFigure, rateFigure, timingsFigure } from "./figures.ts";
import type { History } from "./history.ts";
import { ratioToSimd, sizeName } from "./timings.ts";
import { MAX_NORM } from "./training.ts";

export interface Report {
  readonly optimizer: string;
  readonly history: History;
  /** The loss of knowing only how frequent each character is. */
  readonly frequencyLoss: number;
  readonly crossCheck: CrossCheck;
  readonly timings: readonly Row[];
  readonly sample: Written;
  readonly description: Description;
}

/** The whole page. */
export function reportPage(report: Report): string {
  const { optimizer, history, frequencyLoss, timings, description, crossCheck } = report;
  const [first, last] = [history.heldOut[0]!, history.heldOut.at(-1)!];
  return page(`A character model trained with ${optimizer}`, tiles(report), [
    lossSection({
      ...{ losses: history.losses, heldOut: history.heldOut, of: "text" },
      rules: { "character frequencies alone": frequencyLoss },
      caption:
        `The loss on text the model never trained on goes from ${rounded(first.loss)} to ${rounded(last.loss)} nats per ` +
        `character; knowing only how frequent each character is would give ${rounded(frequencyLoss)}.`,
    }),
    ...(history.rates.some(Number.isFinite) ? [rateSection(report)] : []),
    ...(history.gradNorms.some((norm) => norm > 0 && norm < Infinity) ? [gradNormSection(history)] : []),
    ...(timings.length > 0 ? [timingsSection(timings)] : []),
    sampleSection(
      report.sample,
      "The bold characters are the start of the held-out text; the model wrote what follows.",
    ),
    settingsSection([...description, ...describeGuarded(history), ["cross-check", describeCrossCheck(crossCheck)]]),
  ]);
}

function tiles({ history, crossCheck, timings }: Report): Html[] {
  const final = history.heldOut.at(-1)!.loss;
  const largest = timings.at(-1);
  const ratio = largest && ratioToSimd(largest, "reference");
  const equal = crossCheck.differing === 0;
  return [
    tile("held-out loss", rounded(final), `nats per character, from ${rounded(history.heldOut[0]!.loss)}`),
    tile("training", `${history.here.seconds.toFixed(1)} s`, trainingSpeed(history)),
    tile("cross-check", equal ? "same bits" : "bits differ", differingParameters(crossCheck), equal ? "good" : "bad"),
    ...(ratio
      ? [tile("simd over plain JS", `${ratio.toFixed(1)}\u00d7`, `AdamW, ${sizeName(largest.parameters)} parameters`)]
      : []),
  ];
}

function trainingSpeed({ steps, here }: History): string {
  const all = `${count(steps)} steps`;
  if (here.steps === 0) return `${all}, all of them before this run was resumed`;
  const speed = `${count(Math.round(here.steps / here.seconds))} a second`;
  return here.steps === steps ? `${all}, ${speed}` : `${all}, the last ${count(here.steps)} since resumed, ${speed}`;
}

function round(rate: number): number {
  return Number(rate.toPrecision(3));
}

function rateSection({ history, optimizer }: Report): Html {
  const rates = history.rates.filter(Number.isFinite);
  const peak = rates.reduce((a, b) => Math.max(a, b));
  return figure(
    "Learning rate",
    [],
    (width) => rateFigure(history, width),
    `The learning rate that ${optimizer} reports peaks at ${round(peak)} and ends at ${round(rates.at(-1)!)}.`,
  );
}

function gradNormSection(history: History): Html {
  const clipped = history.gradNorms.filter((norm) => norm > MAX_NORM).length;
  const share = ((100 * clipped) / history.steps).toFixed(1);
  return figure(
    "Gradient norm",
    [],
    (width) => gradNormFigure(history, width),
    `The norm of all gradients together, before clipping: means over a few steps. In ${count(clipped)} steps, ` +
      `${share} %, it was above ${MAX_NORM}, the dashed line, and clipped to that.`,
  );
}

function timingsSection(timings: readonly Row[]): Html {
  return figure(
    "Time of an AdamW step",
    [],
    (width) => timingsFigure(timings, width),
    "Shorter is faster: the fastest of several turns of optimizer.step(), divided by the number of parameters, on a " +
      "logarithmic scale; in brackets, how many times as long as simd.",
  );
}
