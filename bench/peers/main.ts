/**
 * Times one training step of a small network in this package and in the libraries that can train without a GPU, in turns
 * within one process, each from the same values on the same data. Their losses must agree at every step.
 */
import { Command } from "commander";
import { whole } from "../arguments.ts";
import { describeEnvironment, environment } from "../environment.ts";
import { secondsEach, spreadOf } from "../spread.ts";
import { jax } from "./jax.ts";
import { simdOptim } from "./simdOptim.ts";
import { BATCH, CLASSES, HIDDEN, INPUTS, makeTask } from "./task.ts";
import { tfjs } from "./tfjs.ts";

const TARGET = 2.5;
/** How far losses may be apart, relative to them: float32 in other orders, over a few dozen steps. */
const TOLERANCE = 1e-3;
/** Steps before any is timed: compilation and its warm-up. */
const WARM_UP = 5;

const { rounds } = new Command("bench:peers")
  .description("Times a training step beside tfjs and jax-js.")
  .option("--rounds <number>", "timed steps of each library", whole, 40)
  .parse()
  .opts<{ rounds: number }>();

const task = await makeTask();
const contestants = [await simdOptim(task), jax(task), await tfjs("wasm", task), await tfjs("cpu", task)];
const runs = contestants.map((contestant) => ({ contestant, losses: [] as number[], seconds: [] as number[] }));
for (let round = 0; round < WARM_UP + rounds; round++) {
  for (const { contestant, losses, seconds } of runs) {
    await contestant.prepare?.();
    const taken = secondsEach(1, () => losses.push(contestant.step()));
    if (round >= WARM_UP) seconds.push(taken);
  }
}

console.log(describeEnvironment(environment()));
console.log(
  `Perceptron ${INPUTS}-${HIDDEN}-${CLASSES}, batch ${BATCH}, Adam; ${rounds} timed steps of each, in turns.\n`,
);
const results = runs.map(({ contestant, losses, seconds }) => ({ ...contestant, losses, ...spreadOf(seconds) }));
const [ours, ...peers] = results as [(typeof results)[0], ...typeof results];
console.log("| | ms, fastest | ms, median | steps/s, median | loss of the last step |\n|---|---|---|---|---|");
for (const { name, min, median, losses } of results) {
  const [fastest, middle] = [min, median].map((seconds) => (1e3 * seconds).toFixed(2));
  console.log(`| ${name} | ${fastest} | ${middle} | ${(1 / median).toFixed(0)} | ${losses.at(-1)!.toFixed(5)} |`);
}

const apart = Math.max(...peers.flatMap(({ losses }) => losses.map((loss, i) => Math.abs(loss / ours.losses[i]! - 1))));
const agree = apart <= TOLERANCE;
console.log(
  `\nLosses are within ${apart.toExponential(1)} of each other at every step: ${agree ? "they agree" : "WRONG"}.`,
);
const rival = peers.reduce((best, peer) => (peer.min < best.min ? peer : best));
const ratio = rival.min / ours.min;
console.log(
  `${ratio.toFixed(2)} x (median ${(rival.median / ours.median).toFixed(2)} x) the speed of ${rival.name}, ` +
    `target ${TARGET} x: ${ratio >= TARGET ? "met" : "missed"}`,
);
if (!agree) process.exitCode = 1;
