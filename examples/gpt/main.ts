/** `npm start -- --model gpt`: trains a small GPT on a text, evaluates, saves and resumes, writes text and a report. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolder, runCommand, shellWord } from "../support/command.ts";
import { encode } from "../support/corpus.ts";
import { line } from "../support/print.ts";
import { RunFile } from "../support/runFile.ts";
import { packageText, readText } from "../support/text.ts";
import { type Given, parseSettings } from "./options.ts";
import { run } from "./run.ts";
import { settingsOf } from "./story.ts";

async function start(given: Given, signal: AbortSignal): Promise<void> {
  const { text, out, resume, checkpoint } = given.settings;
  const corpus = encode(text === undefined ? packageText() : readText(text));
  makeFolder(out);
  const path = resolve(checkpoint ?? resume ?? join(out, "gpt.safetensors"));
  using file = new RunFile(path);
  if (resume === undefined || path !== resolve(resume)) {
    file.refuseExisting(`--resume ${shellWord(path)} goes on from it, and another --checkpoint is another run`);
  }
  const settings = resume === undefined ? given.settings : settingsOf(resume, given, corpus);
  const page = await run(settings, corpus, file, signal);
  const report = join(resolve(out), "report.html");
  writeFileSync(report, page);
  line("report", report);
}

await runCommand("gpt", async (argv, signal) => {
  const given = parseSettings(argv);
  if (given) await start(given, signal);
});
