/** The page that shows a run. */
import { count, rounded } from "../charlm/count.ts";
import type { Description } from "../charlm/description.ts";
import { lossFigure } from "../charlm/figures.ts";
import { type Html, html } from "../charlm/html.ts";
import { figure, page, settingsSection, tile } from "../charlm/page.ts";
import { type Baselines, bytes, type SpeedWords } from "./description.ts";
import { layerRows } from "./layerTable.ts";
import type { Story } from "./story.ts";
import type { Trainer } from "./trainer.ts";

export interface Report {
  readonly trainer: Trainer;
  readonly story: Story;
  readonly baselines: Baselines;
  /** Bytes of linear memory. */
  readonly memory: { readonly peak: number; readonly predicted: number };
  readonly speed: SpeedWords;
  readonly written: { readonly prompt: string; readonly continuation: string };
  readonly description: Description;
}

/** The whole page. */
export function reportPage(report: Report): string {
  return page("A small GPT", tiles(report), [
    lossSection(report),
    sampleSection(report),
    tableSection(report),
    settingsSection(report.description),
  ]);
}

function tiles({ story, memory, speed }: Report): Html[] {
  const { heldOut, losses, seconds } = story;
  const difference = 100 * (memory.peak / memory.predicted - 1);
  const sign = difference < 0 ? "\u2212" : "+";
  return [
    tile("held-out loss", rounded(heldOut.at(-1)!.loss), `nats per character, from ${rounded(heldOut[0]!.loss)}`),
    tile("training", `${seconds.toFixed(1)} s`, `${count(losses.length)} steps, ${speed.step}`),
    tile("speed", speed.share, `of the matrix product, at ${speed.flops}: ${speed.tokens}`),
    tile("linear memory", bytes(memory.peak), `${sign}${Math.abs(difference).toFixed(1)} % of what was predicted`),
  ];
}

function lossSection({ story, baselines }: Report): Html {
  const { heldOut } = story;
  const losses = [...story.losses];
  const rules = { "character frequencies alone": baselines.frequency, "frequencies of pairs": baselines.pair };
  return figure(
    "Loss",
    [
      ["train faint", "training batches"],
      ["train", "training, smoothed"],
      ["held-out", "held-out text"],
    ],
    (width) => lossFigure({ losses, heldOut }, rules, width),
    `The loss on text the model never trained on goes from ${rounded(heldOut[0]!.loss)} to ` +
      `${rounded(heldOut.at(-1)!.loss)} nats per character; knowing only how frequent each character is would give ` +
      `${rounded(baselines.frequency)}, and which character follows which ${rounded(baselines.pair)}.`,
  );
}

function sampleSection({ written, trainer }: Report): Html {
  const { temperature } = trainer.settings;
  return html`<section>
<h2>What it writes</h2>
<pre><b>${written.prompt}</b>${written.continuation}</pre>
<p class="caption">The model wrote what follows the bold characters, drawn at temperature ${temperature}.</p>
</section>`;
}

function tableSection({ trainer }: Report): Html {
  const rows = layerRows(trainer);
  const total = (key: "parameters" | "owned" | "kept") => rows.reduce((sum, row) => sum + row[key], 0);
  const cells = (parameters: number, owned: number, kept: number) =>
    [count(parameters), bytes(owned), bytes(kept)].map((cell) => html`<td>${cell}</td>`);
  return html`<section>
<h2>Where memory goes</h2>
<div class="scroll"><table class="numbers">
<thead><tr>${["layer", "parameters", "with gradients and AdamW", "kept for backward"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${[...rows, { name: "all", parameters: total("parameters"), owned: total("owned"), kept: total("kept") }].map(
    ({ name, parameters, owned, kept }) => html`<tr><th scope="row">${name}</th>${cells(parameters, owned, kept)}</tr>`,
  )}</tbody>
</table></div>
<p class="caption">The head shares the weights of the token embedding. A pass takes ${bytes(trainer.plan.activations)} at a
time: what is kept, and what layers hand on.</p>
</section>`;
}
