/** The page that shows a run. */
import { count, rounded } from "../support/count.ts";
import type { Html } from "../support/html.ts";
import { lossSection } from "../support/lossFigure.ts";
import { page, sampleSection, settingsSection, tableSection, tile } from "../support/page.ts";
import type { Description } from "../support/print.ts";
import type { Written } from "../support/sampling.ts";
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
  readonly written: Written;
  readonly description: Description;
}

/** The whole page. */
export function reportPage(report: Report): string {
  const { story, baselines, written, trainer } = report;
  const { losses, heldOut } = story;
  return page("A small GPT", tiles(report), [
    lossSection({
      ...{ losses, heldOut, of: "text" },
      rules: { "character frequencies alone": baselines.frequency, "frequencies of pairs": baselines.pair },
      caption:
        `The loss on text the model never trained on goes from ${rounded(heldOut[0]!.loss)} to ` +
        `${rounded(heldOut.at(-1)!.loss)} nats per character; knowing only how frequent each character is would give ` +
        `${rounded(baselines.frequency)}, and which character follows which ${rounded(baselines.pair)}.`,
    }),
    sampleSection(
      written,
      `The model wrote what follows the bold characters, drawn at temperature ${trainer.settings.temperature}.`,
    ),
    layerTable(report),
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

function layerTable({ trainer }: Report): Html {
  const rows = layerRows(trainer);
  const total = (key: "parameters" | "owned" | "kept") => rows.reduce((sum, row) => sum + row[key], 0);
  const all = { name: "all", parameters: total("parameters"), owned: total("owned"), kept: total("kept") };
  return tableSection(
    "Where memory goes",
    ["layer", "parameters", "with gradients and AdamW", "kept for backward"],
    [...rows, all].map(({ name, parameters, owned, kept }) => [name, count(parameters), bytes(owned), bytes(kept)]),
    `The head shares the weights of the token embedding. A pass takes ${bytes(trainer.plan.activations)} at a time: what ` +
      "is kept, and what layers hand on.",
  );
}
