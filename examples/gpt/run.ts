/** A run, from the first step or from where another stopped. */
import { jsonLines, load, Monitor, Random, type Runtime, steps } from "simd-optim";
import { shellWord } from "../support/command.ts";
import { type Corpus, frequencyLoss } from "../support/corpus.ts";
import { count, counted } from "../support/count.ts";
import { Failure, refuseDivergence } from "../support/failure.ts";
import { line, lines, losses } from "../support/print.ts";
import { type Advance, withProgress } from "../support/progress.ts";
import { type RunFile, RunLog } from "../support/runFile.ts";
import { sample, writtenOf } from "../support/sampling.ts";
import { pairLoss } from "./baseline.ts";
import { bytes, describeRun, speedWords } from "./description.ts";
import type { Settings } from "./options.ts";
import { encodePrompt } from "./prompt.ts";
import { gemmRate } from "./speed.ts";
import { emptyStory, restore, type Story, save } from "./story.ts";
import { Trainer } from "./trainer.ts";

/** Characters of the held-out text that samples begin with. */
const PROMPT = 16;

/** Trains, evaluates, saves and samples, printing how it goes; returns the page of the report. */
export async function run(settings: Settings, corpus: Corpus, file: RunFile, signal: AbortSignal) {
  const { resume, temperature, sampleLength: length, context, seed } = settings;
  const checkpoint = file.path;
  const runtime = await load({ backend: settings.backend });
  const trainer = new Trainer(runtime, corpus, settings);
  const prompt =
    settings.prompt === undefined ? [...corpus.heldOut.subarray(0, PROMPT)] : encodePrompt(corpus, settings.prompt);
  const story = resume === undefined ? emptyStory() : restore(resume, trainer);
  const peakFlops = await gemmRate(runtime);
  const baselines = { frequency: frequencyLoss(corpus), pair: pairLoss(corpus) };
  const description = describeRun(runtime, trainer, { peakFlops, checkpoint, baselines });
  lines(description);

  console.log();
  const done = await withProgress("training", settings.steps, (advance) =>
    train(trainer, { story, peakFlops, file, advance, signal }),
  );
  if (!done) throw stopped(trainer, story, checkpoint, signal);
  line("trained", `${count(settings.steps)} steps in ${story.seconds.toFixed(1)} s`);
  const speed = speedWords(trainer, story, peakFlops);
  line("speed", `${speed.tokens}, ${speed.share} of the rate of the matrix product`);
  line("held-out loss", `${story.heldOut.at(-1)!.loss.toFixed(6)} nats per character`);
  const memory = { peak: peakBytes(runtime), predicted: trainer.predictedBytes };
  line("memory", `${bytes(memory.peak)} of linear memory at most, ${bytes(memory.predicted)} predicted`);
  line("saved", checkpoint);

  const random = new Random(seed, "sample");
  const sampled = sample(runtime, trainer.network, prompt, { length, context, temperature, random });
  const written = writtenOf(corpus, prompt, sampled);
  console.log(`\n${written.prompt}${written.continuation}\n`);

  // Only here: loading what draws takes as long as loading all the rest.
  const { reportPage } = await import("./report.ts");
  return reportPage({ trainer, story, baselines, memory, speed, written, description });
}

/** The end of the highest block there has ever been. */
function peakBytes({ heap }: Runtime): number {
  return heap.highWater;
}

interface Course {
  readonly story: Story;
  readonly peakFlops: number;
  readonly file: RunFile;
  readonly advance: Advance;
  readonly signal: AbortSignal;
}

/** Trains to the end, or until the signal; saves now and then, and when it stops. Returns whether it is the end. */
async function train(trainer: Trainer, { story, peakFlops, file, advance, signal }: Course): Promise<boolean> {
  const { settings, flopsPerStep, tokensPerStep } = trainer;
  const { steps: total, evaluateEvery } = settings;
  using log = settings.log === undefined ? undefined : new RunLog(settings.log);
  const sink = log && jsonLines(log.write);
  const monitor = new Monitor({ sinks: sink ? [sink] : [], flopsPerStep, peakFlops });
  const evaluate = (step: number) => {
    const heldOutLoss = trainer.heldOutLoss();
    story.heldOut.push({ step, loss: heldOutLoss });
    sink?.({ heldOutLoss }, step, Date.now() / 1e3);
  };
  if (story.heldOut.length === 0) evaluate(0);
  monitor.resetClock();
  for await (const before of steps({ from: story.losses.length, total, signal })) {
    const { loss, ...report } = trainer.step();
    const step = before + 1;
    refuseDivergence("it", step, loss);
    story.losses.push(loss);
    const { seconds, tokensPerSecond, mfu } = monitor.record(report, { loss, tokens: tokensPerStep });
    story.seconds += seconds;
    if (step === total || step % evaluateEvery === 0) {
      evaluate(step);
      save(file, trainer, story);
      monitor.resetClock();
    }
    const pace = `${count(Math.round(tokensPerSecond!))} tokens/s, ${Math.round(100 * mfu!)} % of gemm`;
    advance(step, `${losses(loss, story.heldOut.at(-1)!.loss)}, ${pace}`);
  }
  if (story.losses.length === total) return true;
  save(file, trainer, story);
  return false;
}

/** Says how to go on. */
function stopped({ settings }: Trainer, story: Story, checkpoint: string, signal: AbortSignal): Failure {
  const { text, out, log } = settings;
  const words = Object.entries({ text, out: out === "out" ? undefined : out, log, resume: checkpoint }).flatMap(
    ([name, value]) => (value === undefined ? [] : [`--${name} ${shellWord(value)}`]),
  );
  const command = `npm start -- --model gpt ${words.join(" ")}`;
  const { exitCode } = signal.reason as Failure;
  return new Failure(`stopped after ${counted(story.losses.length, "step")} and saved; go on by: ${command}`, exitCode);
}
