/** `npm start`: trains a character model on a text, checks it, times AdamW, samples from it, and writes a report. */
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { load, Random, SimdOptimError } from "simd-optim";
import { benchmark, type Row } from "./benchmark.ts";
import { type Corpus, decode, encode, frequencyLoss, printable } from "./corpus.ts";
import { count } from "./count.ts";
import { crossCheck, describeCrossCheck } from "./crossCheck.ts";
import { describeRun } from "./description.ts";
import { BAD_INPUT, Failure, INTERRUPTED } from "./failure.ts";
import { parseSettings, peakRate, type Settings, stepsFor } from "./options.ts";
import { withProgress } from "./progress.ts";
import { sample } from "./sampling.ts";
import { packageText, readText } from "./text.ts";
import { timingsTable } from "./timings.ts";
import { CHECKED_STEPS, CONTEXT, Trainer, train } from "./training.ts";

const SAMPLE_LENGTH = 600;
const TEMPERATURE = 0.8;

async function run(settings: Settings, signal: AbortSignal): Promise<void> {
  const { optimizer, seed, benchSizes, out } = settings;
  const corpus = encode(settings.text === undefined ? packageText() : readText(settings.text));
  const steps = stepsFor(settings, corpus);
  makeFolder(out);
  const runtime = await load({ backend: settings.backend });
  const recipe = { optimizer, steps, seed, rate: peakRate(settings) };
  const trainer = new Trainer(runtime, corpus, recipe);
  const description = describeRun(runtime, corpus, recipe, trainer);
  for (const [name, value] of description) line(name, value);

  console.log();
  const history = await withProgress("training", steps, (advance) =>
    train(trainer, steps, (step, loss, heldOut) => advance(step, losses(loss, heldOut)), signal),
  );
  const { step, loss } = history.heldOut.at(-1)!;
  line("trained", `${count(step)} steps in ${history.seconds.toFixed(1)} s`);
  line("held-out loss", `${loss.toFixed(6)} nats per character`);

  const checked = Math.min(CHECKED_STEPS, steps);
  const check = await withProgress("cross-check", checked, (advance) =>
    crossCheck(corpus, recipe, checked, history.early, advance, signal),
  );
  line("cross-check", describeCrossCheck(check));

  let timings: Row[] = [];
  if (benchSizes.length > 0) {
    timings = await withProgress("benchmark", benchSizes.length, (advance) => benchmark(benchSizes, advance, signal));
    console.log(`\n${timingsTable(timings)}`);
  }

  const written = writeOn(corpus, trainer, seed);
  console.log(`\n${written.prompt}${written.continuation}\n`);

  // Only here: loading what draws takes as long as loading all the rest.
  const { reportPage } = await import("./report.ts");
  const report = join(resolve(out), "report.html");
  const page = { optimizer: optimizer.spec.name, history, frequencyLoss: frequencyLoss(corpus), crossCheck: check };
  writeFileSync(report, reportPage({ ...page, timings, sample: written, description }));
  line("report", report);
  if (check.differing > 0) throw new Failure(`cross-check failed: ${describeCrossCheck(check)}`, BAD_INPUT);
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

function line(name: string, value: string): void {
  console.log(`${name.padEnd(15)}${printable(value)}`);
}

function losses(loss: number, heldOut: number): string {
  return `loss ${loss.toFixed(3)}, held out ${heldOut.toFixed(3)}`;
}

/** The start of the held-out text, and how the model goes on. */
function writeOn(corpus: Corpus, { model }: Trainer, seed: number): { prompt: string; continuation: string } {
  const prompt = corpus.heldOut.subarray(0, CONTEXT);
  const how = { length: SAMPLE_LENGTH, temperature: TEMPERATURE, random: new Random(seed, "sample") };
  return {
    prompt: printable(decode(corpus, prompt)),
    continuation: printable(decode(corpus, sample(model, prompt, how))),
  };
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
