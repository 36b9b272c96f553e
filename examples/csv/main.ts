/** `npm start -- --csv FILE --label COLUMN`: trains a perceptron on a table, and writes a report and predictions. */
import { makeFolder, runCommand, writeOutput } from "../support/command.ts";
import { parseSettings } from "./options.ts";
import { run } from "./run.ts";

await runCommand("csv", async (argv, signal) => {
  const settings = parseSettings(argv);
  if (!settings) return;
  makeFolder(settings.out);
  const { report, predictions } = await run(settings, signal);
  writeOutput(settings.out, "report", "report.html", report);
  if (predictions !== undefined) writeOutput(settings.out, "predictions", "predictions.csv", predictions);
});
