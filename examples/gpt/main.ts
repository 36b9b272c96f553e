/** `npm start -- --model gpt`: trains a small GPT on a text, evaluates, saves and resumes, writes text and a report. */
import { join, resolve } from "node:path";
import { makeFolder, runCommand, shellWord, writeOutput } from "../support/command.ts";
import { encode } from "../support/corpus.ts";
import { RunFile } from "../support/runFile.ts";
import { textOf } from "../support/text.ts";
import { type Given, parseSettings } from "./options.ts";
import { run } from "./run.ts";
import { settingsOf } from "./story.ts";

async function start(given: Given, signal: AbortSignal): Promise<void> {
  const { text, out, resume, checkpoint } = given.settings;
  const corpus = encode(textOf(text));
  makeFolder(out);
  const path = resolve(checkpoint ?? resume ?? join(out, "gpt.safetensors"));
  using file = new RunFile(path);
  if (resume === undefined || path !== resolve(resume)) {
    file.refuseExisting(`--resume ${shellWord(path)} goes on from it, and another --checkpoint is another run`);
  }
  const settings = resume === undefined ? given.settings : settingsOf(resume, given, corpus);
  const page = await run(settings, corpus, file, signal);
  writeOutput(out, "report", "report.html", page);
}

await runCommand("gpt", async (argv, signal) => {
  const given = parseSettings(argv);
  if (given) await start(given, signal);
});
