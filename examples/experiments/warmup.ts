/** P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour" (2017), figure 2, on a small scale. */
import { load, ReLU, type Runtime, type Schedule, SGD, schedules } from "simd-optim";
import { fit, perceptron, type Samples, teach } from "./classification.ts";
import type { Experiment, Outcome, Point, RunOptions } from "./experiment.ts";

const ROWS = 8192;
const INPUTS = 16;
const CLASSES = 4;
const WIDTH = 64;
const SMALL = 32;
const LARGE = 1024;
const SMALL_LR = 0.05;
const EPOCHS = 20;
const WARMUP_EPOCHS = 5;

const LARGE_LR = schedules.linearScaling({ lr: SMALL_LR, baseBatch: SMALL, batch: LARGE });
const WARMUP_STEPS = (WARMUP_EPOCHS * ROWS) / LARGE;
const START = SMALL / LARGE;

const small = `batch ${SMALL}`;
const runs: readonly (readonly [name: string, batch: number, lr: Schedule])[] = [
  [small, SMALL, () => SMALL_LR],
  ["no warm-up", LARGE, () => LARGE_LR],
  ["constant warm-up", LARGE, schedules.warmup(() => LARGE_LR, WARMUP_STEPS, { shape: "constant", start: START })],
  ["gradual warm-up", LARGE, schedules.warmup(() => LARGE_LR, WARMUP_STEPS, { start: START })],
];

/** The mean training loss of each epoch. */
function train(runtime: Runtime, samples: Samples, rows: number, lr: Schedule, seed: number): Point[] {
  const network = perceptron(runtime, [INPUTS, WIDTH, WIDTH, CLASSES], { Activation: ReLU, seed });
  const optimizer = new SGD(network.parameters, { lr, momentum: 0.9 });
  const steps = ROWS / rows;
  const losses = fit(runtime, network, optimizer, samples, { rows, steps: EPOCHS * steps });
  return Array.from({ length: EPOCHS }, (_, epoch) => {
    const own = losses.slice(epoch * steps, (epoch + 1) * steps);
    return { x: epoch + 1, y: own.reduce((sum, loss) => sum + loss, 0) / steps };
  });
}

async function run({ seed = 1 }: RunOptions = {}): Promise<Outcome> {
  const runtime = await load();
  const samples = teach(runtime, { rows: ROWS, inputs: INPUTS, classes: CLASSES, seed });
  const curves = runs.map(([name, batch, lr]) => ({ name, points: train(runtime, samples, batch, lr, seed) }));
  const [base, none, constant, gradual] = curves.map(({ points }) => points.at(-1)!.y) as [
    number,
    number,
    number,
    number,
  ];
  return {
    figure: {
      description: "Training loss by epoch: small batches, and large ones without, with constant and gradual warm-up",
      x: { label: "epoch" },
      y: { label: "training loss (nats)", base: 10, domain: [0.2, 5] },
      legend: "right",
      series: curves.map((curve) => ({ ...curve, panel: `batch ${LARGE}, lr ${SMALL_LR} x ${LARGE / SMALL}` })),
    },
    lines: curves.map(({ name, points }) => `${name}: loss ${points.at(-1)!.y.toFixed(3)} in epoch ${EPOCHS}`),
    passed: gradual < 1.2 * base && none > 1.15 * gradual && constant > 2 * gradual,
  };
}

export const warmup: Experiment = {
  name: "warmup",
  description: `At ${LARGE / SMALL} times the batch and lr, only gradual warm-up comes within 20 % of small batches' loss.`,
  run,
};
