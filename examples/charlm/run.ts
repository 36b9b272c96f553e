/** A run with one optimizer. */
import { load, Random, type Runtime } from "simd-optim";
import { type Corpus, frequencyLoss } from "../support/corpus.ts";
import type { Failure } from "../support/failure.ts";
import { line, lines } from "../support/print.ts";
import { withProgress } from "../support/progress.ts";
import { RunFile } from "../support/runFile.ts";
import { sample, type Written, writtenOf } from "../support/sampling.ts";
import { benchmark, type Row } from "./benchmark.ts";
import { checkFailure, checkRun } from "./crossCheck.ts";
import { describeRun, describeTraining } from "./description.ts";
import type { Settings } from "./options.ts";
import { planRun, Session } from "./session.ts";
import { timingsTable } from "./timings.ts";
import { CONTEXT, type Trainer } from "./training.ts";

const SAMPLE_LENGTH = 600;
const TEMPERATURE = 0.8;

/** A report, and what is wrong nevertheless. */
export interface Outcome {
  readonly page: string;
  readonly failure: Failure | undefined;
}

/** Trains, checks, times and samples, printing how it goes. */
export async function trainOne(settings: Settings, corpus: Corpus, signal: AbortSignal): Promise<Outcome> {
  const { optimizer, seed, benchSizes, checkpoint } = settings;
  using file = checkpoint === undefined ? undefined : new RunFile(checkpoint);
  const runtime = await load({ backend: settings.backend });
  const plan = await planRun(settings, corpus, runtime, file, signal);
  const { recipe } = plan;
  const session = new Session(plan, runtime, corpus, settings);
  const { trainer, history } = session;
  const description = describeRun(runtime, corpus, recipe, trainer, plan.trials);
  lines(description);

  console.log();
  await session.train(signal);
  const { loss } = history.heldOut.at(-1)!;
  line("trained", describeTraining(history));
  line("held-out loss", `${loss.toFixed(6)} nats per character`);

  const check = await checkRun(corpus, recipe, history, signal);

  let timings: Row[] = [];
  if (benchSizes.length > 0) {
    timings = await withProgress("benchmark", benchSizes.length, (advance) => benchmark(benchSizes, advance, signal));
    console.log(`\n${timingsTable(timings)}`);
  }

  const written = writeOn(runtime, corpus, trainer, seed);
  console.log(`\n${written.prompt}${written.continuation}\n`);

  // Only here: loading what draws takes as long as loading all the rest.
  const { reportPage } = await import("./report.ts");
  const facts = { optimizer: optimizer.spec.name, history, frequencyLoss: frequencyLoss(corpus), crossCheck: check };
  const page = reportPage({ ...facts, timings, sample: written, description });
  return { page, failure: checkFailure([check]) };
}

/** The start of the held-out text, and how the model goes on. */
function writeOn(runtime: Runtime, corpus: Corpus, { network, optimizer }: Trainer, seed: number): Written {
  const prompt = corpus.heldOut.subarray(0, CONTEXT);
  const how = { length: SAMPLE_LENGTH, context: CONTEXT, temperature: TEMPERATURE, random: new Random(seed, "sample") };
  const continuation = optimizer.withEvalParams(() => sample(runtime, network, prompt, how));
  return writtenOf(corpus, prompt, continuation);
}
