/** `npm start -- --csv FILE --label COLUMN`: trains a perceptron on a table, and writes a report. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolder, runCommand } from "../charlm/command.ts";
import { line } from "../charlm/print.ts";
import { parseSettings } from "./options.ts";
import { run } from "./run.ts";

await runCommand("csv", async (argv, signal) => {
  const settings = parseSettings(argv);
  if (!settings) return;
  makeFolder(settings.out);
  const report = join(resolve(settings.out), "report.html");
  writeFileSync(report, await run(settings, signal));
  line("report", report);
});
