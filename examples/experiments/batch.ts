/**
 * Which learning rate gives the same training curve at a larger batch. SGD: P. Goyal et al. (2017), section 2.1; Adam: S.
 * Malladi et al., "On the SDEs and scaling rules for adaptive gradient algorithms" (NeurIPS 2022), section 5.
 */
import { Adam, load, type Parameters, type Runtime, SGD, schedules } from "simd-optim";
import { evaluate, fit, perceptron, type Samples, teach } from "./classification.ts";
import type { Experiment, Outcome, Point, RunOptions } from "./experiment.ts";

const ROWS = 32_768;
const INPUTS = 16;
const CLASSES = 4;
const WIDTH = 32;
/** So much that gradients are mostly noise, as the rule for Adam supposes. */
const LABEL_NOISE = 0.8;
const SMALL = 8;
const LARGE = 64;
const EVALUATIONS = 32;

const ADAM = { lr: 1e-3, betas: [0.98, 0.998], eps: 1e-8 } as const;
const SGD_LR = 0.02;
const sizes = { baseBatch: SMALL, batch: LARGE };

type Make = (params: Parameters) => { step(): unknown };

interface Plan {
  readonly panel: string;
  readonly small: Make;
  /** At the large batch. */
  readonly linear: Make;
  readonly sqrt: Make;
}

const adamScaled = schedules.adamScaling({ ...ADAM, ...sizes });
const plans: readonly Plan[] = [
  {
    panel: "SGD",
    small: (params) => new SGD(params, { lr: SGD_LR }),
    linear: (params) => new SGD(params, { lr: schedules.linearScaling({ lr: SGD_LR, ...sizes }) }),
    sqrt: (params) => new SGD(params, { lr: schedules.sqrtScaling({ lr: SGD_LR, ...sizes }) }),
  },
  {
    panel: "Adam",
    small: (params) => new Adam(params, ADAM),
    linear: (params) => new Adam(params, { ...adamScaled, lr: schedules.linearScaling({ lr: ADAM.lr, ...sizes }) }),
    sqrt: (params) => new Adam(params, adamScaled),
  },
];

/** The loss on samples that were held out, by how many samples have been seen. */
function train(runtime: Runtime, parts: { training: Samples; held: Samples }, rows: number, make: Make, seed: number) {
  const network = perceptron(runtime, [INPUTS, WIDTH, CLASSES], { seed });
  const points: Point[] = [];
  fit(runtime, network, make(network.parameters), parts.training, { rows, steps: ROWS / rows }, (step) => {
    const seen = step * rows;
    if (seen % (ROWS / EVALUATIONS) === 0) points.push({ x: seen, y: evaluate(network, parts.held).loss });
  });
  return points;
}

/** The root of the mean square of the differences between two curves. */
function distance(curve: readonly Point[], other: readonly Point[]): number {
  return Math.sqrt(curve.reduce((sum, { y }, i) => sum + (y - other[i]!.y) ** 2, 0) / curve.length);
}

async function run({ seed = 1 }: RunOptions = {}): Promise<Outcome> {
  const runtime = await load();
  const teaching = { inputs: INPUTS, classes: CLASSES, seed, noise: LABEL_NOISE };
  const training = teach(runtime, { ...teaching, rows: ROWS });
  const parts = { training, held: teach(runtime, { ...teaching, rows: 4096, name: "held out" }) };
  const outcomes = plans.map(({ panel, small, linear, sqrt }) => {
    const points = train(runtime, parts, SMALL, small, seed);
    const linearPoints = train(runtime, parts, LARGE, linear, seed);
    const sqrtPoints = train(runtime, parts, LARGE, sqrt, seed);
    return {
      panel,
      linear: distance(points, linearPoints),
      sqrt: distance(points, sqrtPoints),
      series: [
        { name: `batch ${LARGE}, lr x ${LARGE / SMALL}`, panel, points: linearPoints },
        { name: `batch ${LARGE}, lr x √${LARGE / SMALL}`, panel, points: sqrtPoints },
        { name: `batch ${SMALL}`, panel, points, dashed: true },
      ],
    };
  });
  const [sgd, adam] = [outcomes[0]!, outcomes[1]!];
  return {
    figure: {
      description: "Held-out loss by samples seen, at a small batch and at a large one with two learning rates",
      x: { label: "samples seen" },
      y: { label: "held-out loss (nats)" },
      legend: "right",
      series: outcomes.flatMap(({ series }) => series),
    },
    lines: outcomes.map(
      ({ panel, linear, sqrt }) =>
        `${panel}: from the curve of batch ${SMALL}, that of batch ${LARGE} is ${(1e3 * linear).toFixed(2)} mnat away ` +
        `with lr x ${LARGE / SMALL}, ${(1e3 * sqrt).toFixed(2)} with lr x sqrt ${LARGE / SMALL}`,
    ),
    passed: sgd.linear < sgd.sqrt / 3 && adam.sqrt < adam.linear / 3,
  };
}

export const batch: Experiment = {
  name: "batch",
  description: "A larger batch keeps to the curve of a small one with lr scaled linearly in SGD, by the root in Adam.",
  run,
};
