/** `npm start`: trains a character model on a text, checks it, times AdamW, samples from it, and writes a report. */
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SimdOptimError } from "simd-optim";
import { compareOptimizers } from "./comparison.ts";
import { encode, printable } from "./corpus.ts";
import { BAD_INPUT, Failure, INTERRUPTED } from "./failure.ts";
import { parseSettings, type Settings } from "./options.ts";
import { line } from "./print.ts";
import { trainOne } from "./run.ts";
import { plotSchedules } from "./scheduleFigure.ts";
import { packageText, readText } from "./text.ts";

async function run(settings: Settings, signal: AbortSignal): Promise<void> {
  if (settings.plotSchedule) {
    makeFolder(settings.out);
    return plotSchedules(settings.plotSchedule, settings.steps, settings.out);
  }
  const corpus = encode(settings.text === undefined ? packageText() : readText(settings.text));
  makeFolder(settings.out);
  const { page, failure } = settings.compare
    ? await compareOptimizers(settings.compare, settings, corpus, signal)
    : await trainOne(settings, corpus, signal);
  const report = join(resolve(settings.out), "report.html");
  writeFileSync(report, page);
  line("report", report);
  if (failure) throw failure;
}

/** Makes the folder of the report before the work that would be lost without it. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new Failure(`--out ${path}: cannot be written to: ${(error as NodeJS.ErrnoException).code}`, BAD_INPUT);
  }
}

/** Says in one line what went wrong, if it is something to be expected; anything else is a bug and keeps its trace. */
function explain(error: unknown): void {
  const expected =
    error instanceof Failure || error instanceof SimdOptimError || (error instanceof Error && "syscall" in error);
  if (!expected) throw error;
  console.error(`charlm: ${printable(error.message).replace(/\s+/g, " ")}`);
  process.exitCode = error instanceof Failure ? error.exitCode : BAD_INPUT;
}

const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort(new Failure("interrupted", INTERRUPTED)));
// Whoever reads the output may stop early, as `head` does: there is nobody left to tell.
process.stdout.on("error", () => process.exit());

try {
  const settings = parseSettings(process.argv.slice(2));
  if (settings) await run(settings, interruption.signal);
} catch (error) {
  explain(error);
}
