/** `npm start -- --model gpt`: trains a small GPT on a text, evaluates, saves and resumes, writes text and a report. */
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { encode } from "../charlm/corpus.ts";
import { line } from "../charlm/print.ts";
import { packageText, readText } from "../charlm/text.ts";
import { makeFolder, runCommand } from "../common/command.ts";
import { type Given, parseSettings } from "./options.ts";
import { run } from "./run.ts";
import { settingsOf } from "./story.ts";

async function start(given: Given, signal: AbortSignal): Promise<void> {
  const { text, out, resume } = given.settings;
  const corpus = encode(text === undefined ? packageText() : readText(text));
  const settings = resume === undefined ? given.settings : settingsOf(resume, given, corpus);
  const checkpoint = resolve(settings.checkpoint ?? resume ?? join(out, "gpt.safetensors"));
  makeFolder(out);
  makeFolder(dirname(checkpoint), `--checkpoint ${checkpoint}`);
  const page = await run(settings, corpus, checkpoint, signal);
  const report = join(resolve(out), "report.html");
  writeFileSync(report, page);
  line("report", report);
}

await runCommand("gpt", async (argv, signal) => {
  const given = parseSettings(argv);
  if (given) await start(given, signal);
});
