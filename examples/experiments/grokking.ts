/** A. Power et al., "Grokking: generalization beyond overfitting on small algorithmic datasets" (2022), figure 1. */
import { AdamW, load, Random, ReLU, type Runtime } from "simd-optim";
import { shuffle } from "../support/shuffle.ts";
import { emptySamples, evaluate, lossAndGradient, perceptron, type Samples } from "./classification.ts";
import type { Experiment, Outcome, Point, RunOptions } from "./experiment.ts";

const HIDDEN = 256;
const LR = 3e-3;
const WEIGHT_DECAY = 1;
/** The share of all pairs to train on. */
const SHARE = 0.6;
/** Steps between two evaluations. */
const INTERVAL = 20;
const LEARNT = 0.95;
/** How much later than training accuracy test accuracy has to come, as a factor. */
const DELAY = 8;

/** Pairs (a, b) numbered p a + b, as one-hot rows [a, b], with (a + b) mod p for a class. */
function sums(runtime: Runtime, pairs: readonly number[], p: number): Samples {
  const samples = emptySamples(runtime, pairs.length, 2 * p);
  samples.x.data.fill(0);
  for (const [row, pair] of pairs.entries()) {
    const [a, b] = [Math.floor(pair / p), pair % p];
    samples.x.data[2 * p * row + a] = 1;
    samples.x.data[2 * p * row + p + b] = 1;
    samples.classes.data[row] = (a + b) % p;
  }
  return samples;
}

async function run({ seed = 1, reduced = false }: RunOptions = {}): Promise<Outcome> {
  const [p, steps] = reduced ? [31, 2000] : [43, 2000];
  const runtime = await load();
  const pairs = shuffle(Array(p * p).keys(), new Random(seed, "split"));
  const count = Math.round(SHARE * pairs.length);
  const parts = {
    training: sums(runtime, pairs.slice(0, count), p),
    test: sums(runtime, pairs.slice(count), p),
  };
  const network = perceptron(runtime, [2 * p, HIDDEN, p], { Activation: ReLU, bias: false, seed });
  const optimizer = new AdamW(network.parameters, { lr: LR, weightDecay: WEIGHT_DECAY, betas: [0.9, 0.98] });
  const curves = { training: [] as Point[], test: [] as Point[] };
  for (let step = 1; step <= steps; step++) {
    lossAndGradient(network, parts.training);
    optimizer.step();
    if (step % INTERVAL !== 0) continue;
    for (const part of ["training", "test"] as const) {
      curves[part].push({ x: step, y: 100 * evaluate(network, parts[part]).accuracy });
    }
  }
  const learntAt = (points: readonly Point[]) => points.find(({ y }) => y >= 100 * LEARNT)?.x ?? Infinity;
  const [fitted, understood] = [learntAt(curves.training), learntAt(curves.test)];
  const meanwhile = curves.test.find(({ x }) => x === fitted)?.y ?? Number.NaN;
  const percent = `${100 * LEARNT} %`;
  return {
    figure: {
      description: "Accuracy on training pairs and on test pairs by step, of addition modulo a prime",
      x: { label: "step", base: 10 },
      y: { label: "accuracy (%)", domain: [0, 100] },
      series: Object.entries(curves).map(([name, points]) => ({ name, points, panel: `a + b mod ${p}` })),
    },
    lines: [
      `training accuracy reaches ${percent} by step ${fitted}, when test accuracy is ${meanwhile.toFixed(1)} %`,
      `test accuracy reaches ${percent} by step ${understood}, and is ${curves.test.at(-1)!.y.toFixed(1)} % in the end`,
    ],
    passed: understood < Infinity && understood >= DELAY * fitted && meanwhile < 25,
  };
}

export const grokking: Experiment = {
  name: "grokking",
  description: `Test accuracy of modular addition reaches ${100 * LEARNT} % at least ${DELAY} times later than training accuracy.`,
  run,
};
