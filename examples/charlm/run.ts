/** A run with one optimizer. */
import { load, Random } from "simd-optim";
import { benchmark, type Row } from "./benchmark.ts";
import { type Corpus, decode, frequencyLoss, printable } from "./corpus.ts";
import { count } from "./count.ts";
import { checkFailure, crossCheck, describeCrossCheck } from "./crossCheck.ts";
import { describeRun } from "./description.ts";
import type { Failure } from "./failure.ts";
import { askedRate, type Settings, stepsFor } from "./options.ts";
import { line, losses } from "./print.ts";
import { withProgress } from "./progress.ts";
import { sample } from "./sampling.ts";
import { timingsTable } from "./timings.ts";
import { CHECKED_STEPS, CONTEXT, Trainer, train } from "./training.ts";
import { chooseRate, MOST_TRIALS } from "./trials.ts";

const SAMPLE_LENGTH = 600;
const TEMPERATURE = 0.8;

/** A report, and what is wrong nevertheless. */
export interface Outcome {
  readonly page: string;
  readonly failure: Failure | undefined;
}

/** Trains, checks, times and samples, printing how it goes. */
export async function trainOne(settings: Settings, corpus: Corpus, signal: AbortSignal): Promise<Outcome> {
  const { optimizer, seed, benchSizes } = settings;
  const steps = stepsFor(settings, corpus);
  const runtime = await load({ backend: settings.backend });
  const { rate, trials } = await withProgress("rate trials", MOST_TRIALS, (advance) =>
    chooseRate(runtime, corpus, { optimizer, steps, seed }, askedRate(settings), advance, signal),
  );
  const recipe = { optimizer, steps, seed, rate };
  const trainer = new Trainer(runtime, corpus, recipe);
  const description = describeRun(runtime, corpus, recipe, trainer, trials);
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
  const facts = { optimizer: optimizer.spec.name, history, frequencyLoss: frequencyLoss(corpus), crossCheck: check };
  const page = reportPage({ ...facts, timings, sample: written, description });
  return { page, failure: checkFailure([check]) };
}

/** The start of the held-out text, and how the model goes on. */
function writeOn(
  corpus: Corpus,
  { model, optimizer }: Trainer,
  seed: number,
): { prompt: string; continuation: string } {
  const prompt = corpus.heldOut.subarray(0, CONTEXT);
  const how = { length: SAMPLE_LENGTH, temperature: TEMPERATURE, random: new Random(seed, "sample") };
  const continuation = optimizer.withEvalParams(() => sample(model, prompt, how));
  return { prompt: printable(decode(corpus, prompt)), continuation: printable(decode(corpus, continuation)) };
}
