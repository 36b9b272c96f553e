/** `npm start`: trains a character model on a text, checks it, times AdamW, samples from it, and writes a report. */
import { makeFolder, runCommand, writeOutput } from "../support/command.ts";
import { encode } from "../support/corpus.ts";
import { textOf } from "../support/text.ts";
import { compareOptimizers } from "./comparison.ts";
import type { Settings } from "./options.ts";
import { parseSettings } from "./options.ts";
import { trainOne } from "./run.ts";
import { plotSchedules } from "./scheduleFigure.ts";

async function run(settings: Settings, signal: AbortSignal): Promise<void> {
  if (settings.plotSchedule) {
    makeFolder(settings.out);
    return plotSchedules(settings.plotSchedule, settings.steps, settings.out);
  }
  const corpus = encode(textOf(settings.text));
  makeFolder(settings.out);
  const { page, failure } = settings.compare
    ? await compareOptimizers(settings.compare, settings, corpus, signal)
    : await trainOne(settings, corpus, signal);
  writeOutput(settings.out, "report", "report.html", page);
  if (failure) throw failure;
}

await runCommand("charlm", async (argv, signal) => {
  const settings = parseSettings(argv);
  if (settings) await run(settings, signal);
});
