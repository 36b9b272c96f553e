/** The page that shows a run: one file, with nothing to fetch. */
import type { Row } from "./benchmark.ts";
import { count } from "./count.ts";
import { type CrossCheck, describeCrossCheck, differingParameters } from "./crossCheck.ts";
import type { Description } from "./description.ts";
import { lossFigure, rateFigure, timingsFigure, WIDTHS } from "./figures.ts";
import { Html, html } from "./html.ts";
import { STYLE } from "./reportStyle.ts";
import { ratioToSimd, sizeName } from "./timings.ts";
import type { History } from "./training.ts";

export interface Report {
  readonly optimizer: string;
  readonly history: History;
  /** The loss of knowing only how frequent each character is. */
  readonly frequencyLoss: number;
  readonly crossCheck: CrossCheck;
  readonly timings: readonly Row[];
  readonly sample: { readonly prompt: string; readonly continuation: string };
  readonly description: Description;
}

/** The whole page. */
export function reportPage(report: Report): string {
  const { optimizer, history, timings } = report;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>A character model trained with ${optimizer}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="kicker">simd-optim</p>
<h1>A character model trained with ${optimizer}</h1>
${tiles(report)}
</header>
${lossSection(report)}
${history.rates.length > 0 ? rateSection(report) : html``}
${timings.length > 0 ? timingsSection(timings) : html``}
${sampleSection(report.sample)}
${settingsSection(report)}
</main>
</body>
</html>
`.markup;
}

function tiles({ history, crossCheck, timings }: Report): Html {
  const final = history.heldOut.at(-1)!.loss;
  const largest = timings.at(-1);
  const ratio = largest && ratioToSimd(largest, "reference");
  const equal = crossCheck.differing === 0;
  return html`<dl class="tiles">
${tile("held-out loss", final.toFixed(3), `nats per character, from ${history.heldOut[0]!.loss.toFixed(3)}`)}
${tile("training", `${history.seconds.toFixed(1)} s`, trainingSpeed(history))}
${tile("cross-check", equal ? "same bits" : "bits differ", differingParameters(crossCheck), equal ? "good" : "bad")}
${ratio ? tile("simd over plain JS", `${ratio.toFixed(1)}\u00d7`, `AdamW, ${sizeName(largest.parameters)} parameters`) : html``}
</dl>`;
}

function trainingSpeed({ losses, seconds }: History): string {
  return `${count(losses.length)} steps, ${count(Math.round(losses.length / seconds))} a second`;
}

function tile(name: string, value: string, detail: string, kind = "plain"): Html {
  return html`<div><dt>${name}</dt><dd class="${kind}">${value}</dd><dd class="detail">${detail}</dd></div>`;
}

/** A figure in both widths, of which the page shows one; `legend` pairs CSS classes with names. */
function figure(
  title: string,
  legend: readonly (readonly [string, string])[],
  drawn: (width: number) => Html,
  caption: string,
): Html {
  const keys = legend.map(([kind, name]) => html`<li><span class="key ${kind}"></span>${name}</li>`);
  return html`<figure>
<h2>${title}</h2>
${keys.length > 0 ? html`<ul class="legend">${keys}</ul>` : html``}
<div class="wide">${drawn(WIDTHS.wide)}</div>
<div class="narrow">${drawn(WIDTHS.narrow)}</div>
<figcaption>${caption}</figcaption>
</figure>`;
}

function lossSection({ history, frequencyLoss }: Report): Html {
  const first = history.heldOut[0]!.loss;
  const last = history.heldOut.at(-1)!.loss;
  return figure(
    "Loss",
    [
      ["train faint", "training batches"],
      ["train", "training, smoothed"],
      ["held-out", "held-out text"],
    ],
    (width) => lossFigure(history, frequencyLoss, width),
    `The loss on text the model never trained on goes from ${first.toFixed(3)} to ${last.toFixed(3)} nats per ` +
      `character; knowing only how frequent each character is would give ${frequencyLoss.toFixed(3)}.`,
  );
}

function round(rate: number): number {
  return Number(rate.toPrecision(3));
}

function rateSection({ history, optimizer }: Report): Html {
  const peak = history.rates.reduce((a, b) => Math.max(a, b));
  return figure(
    "Learning rate",
    [],
    (width) => rateFigure(history, width),
    `The learning rate that ${optimizer} reports peaks at ${round(peak)} and ends at ${round(history.rates.at(-1)!)}.`,
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

function sampleSection({ prompt, continuation }: Report["sample"]): Html {
  return html`<section>
<h2>What it writes</h2>
<pre><b>${prompt}</b>${continuation}</pre>
<p class="caption">The bold characters are the start of the held-out text; the model wrote what follows.</p>
</section>`;
}

function settingsSection({ description, crossCheck }: Report): Html {
  const rows = [...description, ["cross-check", describeCrossCheck(crossCheck)] as const];
  return html`<section>
<h2>The run</h2>
<table>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table>
</section>`;
}
