/** `npm start -- --csv FILE --label COLUMN`: trains a perceptron on a table, and writes a report and predictions. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolder, runCommand } from "../support/command.ts";
import { line } from "../support/print.ts";
import { parseSettings } from "./options.ts";
import { run } from "./run.ts";

await runCommand("csv", async (argv, signal) => {
  const settings = parseSettings(argv);
  if (!settings) return;
  makeFolder(settings.out);
  const { report, predictions } = await run(settings, signal);
  write("report", "report.html", report);
  if (predictions !== undefined) write("predictions", "predictions.csv", predictions);

  function write(what: string, name: string, content: string): void {
    const path = join(resolve(settings!.out), name);
    writeFileSync(path, content);
    line(what, path);
  }
});
