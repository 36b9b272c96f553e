/**
 * Times a training step of a tfjs model with this package's AdamW and Adam through the adapter beside tfjs' own Adam, in
 * turns within one process on each backend: whole steps, and the optimizer alone on gradients that are there.
 */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { Command } from "commander";
import { tfjsOptimizer } from "../../src/adapters/tfjs.ts";
import { Adam, AdamW, load } from "../../src/index.ts";
import { whole } from "../arguments.ts";
import { describeEnvironment, environment } from "../environment.ts";
import { type Spread, spreadOf } from "../spread.ts";

const [INPUTS, HIDDEN, CLASSES, BATCH] = [784, 256, 10, 128];
/** Turns before any is timed: compilation and its warm-up. */
const WARM_UP = 5;
/** How far losses may be apart after these, relative to them: float32 in other orders. */
const TOLERANCE = 1e-4;

const { rounds, backend: backends } = new Command("bench:tfjs")
  .description("Times tfjs models with optimizers of this package and with tfjs' own.")
  .option("--rounds <number>", "timed turns of each", whole, 60)
  .option("--backend <names...>", "backends of tfjs", ["cpu", "wasm"])
  .parse()
  .opts<{ rounds: number; backend: string[] }>();

const rt = await load();
const optimizers = {
  "AdamW, adapter": () => new (tfjsOptimizer(tf, rt, AdamW))({ lr: 1e-3 }),
  // The eps of tfjs, for the same losses.
  "Adam, adapter": () => new (tfjsOptimizer(tf, rt, Adam))({ lr: 1e-3, eps: 1e-7 }),
  "Adam, tfjs": () => tf.train.adam(1e-3),
};

interface Timed {
  readonly name: string;
  run(): unknown;
}

function contestant([name, make]: [string, () => tf.Optimizer]): { step: Timed; update: Timed } {
  const dense = (units: number, options: object) => tf.layers.dense({ units, ...options });
  const model = tf.sequential({
    layers: [
      dense(HIDDEN, {
        inputShape: [INPUTS],
        activation: "relu",
        kernelInitializer: tf.initializers.heNormal({ seed: 1 }),
      }),
      dense(CLASSES, { activation: "softmax", kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }) }),
    ],
  });
  model.compile({ optimizer: make(), loss: "categoricalCrossentropy" });
  const images = tf.randomNormal([BATCH, INPUTS], 0, 1, "float32", 3);
  const labels = tf.oneHot(tf.range(0, BATCH, 1, "int32").mod(tf.scalar(CLASSES, "int32")), CLASSES);
  // Gradients for the optimizer alone, of the model's shapes.
  const alone = make();
  const gradients = model.trainableWeights.map((weight) => {
    const variable = tf.variable(weight.read());
    return { name: variable.name, tensor: tf.randomNormal(variable.shape, 0, 0.01, "float32", 4) };
  });
  return {
    step: { name, run: () => model.trainOnBatch(images, labels) },
    update: { name: `${name}, the update alone`, run: () => alone.applyGradients(gradients) },
  };
}

/** Takes steps that are not timed, after which the losses of the last two, which both are of Adam, must agree. */
async function check(steps: readonly Timed[]): Promise<void> {
  let losses: number[] = [];
  for (let round = 0; round < WARM_UP; round++) {
    losses = [];
    for (const { run } of steps) losses.push(Number(await run()));
  }
  const [ours, theirs] = losses.slice(-2) as [number, number];
  if (!(Math.abs(ours / theirs - 1) < TOLERANCE)) throw new Error(`losses differ: ${ours} and ${theirs}`);
}

/** Milliseconds of each, in turns, of which another one has the first each time. */
async function measure(timed: readonly Timed[]): Promise<Spread[]> {
  const samples = timed.map((): number[] => []);
  for (let round = 0; round < WARM_UP + rounds; round++) {
    for (let turn = 0; turn < timed.length; turn++) {
      const i = (round + turn) % timed.length;
      const start = performance.now();
      await timed[i]!.run();
      if (round >= WARM_UP) samples[i]!.push(performance.now() - start);
    }
  }
  return samples.map(spreadOf);
}

console.log(describeEnvironment(environment()));
console.log(`tfjs ${tf.version_core}; MLP ${INPUTS}-${HIDDEN}-${CLASSES}, batch ${BATCH}; ${rounds} turns of each.\n`);
console.log("| backend | | ms, fastest | ms, median | of tfjs' Adam | median |\n|---|---|---|---|---|---|");
for (const backend of backends) {
  await tf.setBackend(backend);
  const contestants = Object.entries(optimizers).map(contestant);
  await check(contestants.map(({ step }) => step));
  for (const part of ["step", "update"] as const) {
    const timed = contestants.map((one) => one[part]);
    const spreads = await measure(timed);
    const theirs = spreads.at(-1)!;
    for (const [i, { min, median }] of spreads.entries()) {
      const ratios = [min / theirs.min, median / theirs.median].map((ratio) => ratio.toFixed(2));
      const times = [min, median].map((ms) => ms.toFixed(2));
      console.log(`| ${[backend, timed[i]!.name, ...times, ...ratios].join(" | ")} |`);
    }
  }
}
