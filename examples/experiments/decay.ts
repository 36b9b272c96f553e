/** I. Loshchilov and F. Hutter, "Decoupled weight decay regularization" (ICLR 2019), figure 2, on a small scale. */
import { Adam, AdamW, load, schedules } from "simd-optim";
import { evaluate, fit, perceptron, teach } from "./classification.ts";
import { type Experiment, lowest, type Outcome, type Point, type RunOptions, type Series } from "./experiment.ts";

const ROWS = 256;
const BATCH = 32;
const INPUTS = 16;
const CLASSES = 4;
const WIDTH = 64;
const STEPS = 400;
const LABEL_NOISE = 0.2;
/** Factors of the inputs, from 1/4 to 4, so that gradients of different weights differ in size. */
const SCALES = Float64Array.from({ length: INPUTS }, (_, i) => 2 ** ((i % 5) - 2));
/** Binary logarithms of peak learning rates and of weight decays to try. */
const LR_EXPONENTS = [-8, -7, -6, -5];
const DECAY_EXPONENTS = { L2: [-10, -9, -8, -7, -6, -5, -4, -3], decoupled: [-4, -3, -2, -1, 0, 1, 2, 3] };

/** What a method comes to. */
interface Result {
  readonly panel: string;
  readonly series: readonly Series[];
  /** The best decay and its loss at the first learning rate, and at the last. */
  readonly first: Point;
  readonly last: Point;
  /** What the loss at the last learning rate is above its best with the decay that is best at the first. */
  readonly cost: number;
}

const methods = [
  { panel: "Adam, L2 penalty", Optimizer: Adam, exponents: DECAY_EXPONENTS.L2 },
  { panel: "AdamW, decoupled decay", Optimizer: AdamW, exponents: DECAY_EXPONENTS.decoupled },
];

/** The loss on new samples, without noise, after training. */
async function train(Optimizer: typeof Adam | typeof AdamW, peak: number, weightDecay: number, seed: number) {
  // A runtime for each run gives back its memory.
  using runtime = await load();
  const teaching = { inputs: INPUTS, classes: CLASSES, seed };
  const training = teach(runtime, { ...teaching, rows: ROWS, noise: LABEL_NOISE });
  const held = teach(runtime, { ...teaching, rows: 1024, name: "held out" });
  for (const { x } of [training, held]) {
    for (let i = 0; i < x.size; i++) x.data[i]! *= SCALES[i % INPUTS]!;
  }
  const network = perceptron(runtime, [INPUTS, WIDTH, CLASSES], { seed });
  const optimizer = new Optimizer(network.parameters, { lr: schedules.cosine({ peak, total: STEPS }), weightDecay });
  fit(runtime, network, optimizer, training, { rows: BATCH, steps: STEPS });
  return evaluate(network, held).loss;
}

async function run({ seed = 1 }: RunOptions = {}): Promise<Outcome> {
  const outcomes: Result[] = [];
  for (const { panel, Optimizer, exponents } of methods) {
    const series: Required<Omit<Series, "dashed">>[] = [];
    for (const lrExponent of LR_EXPONENTS) {
      const points: Point[] = [];
      for (const exponent of exponents) {
        const decay = 2 ** exponent;
        points.push({ x: decay, y: await train(Optimizer, 2 ** lrExponent, decay, seed) });
      }
      series.push({ name: `lr 2^${lrExponent}`, panel, points, marked: lowest(points) });
    }
    const [first, last] = [series[0]!, series.at(-1)!];
    const carried = last.points.find(({ x }) => x === first.marked.x)!;
    outcomes.push({ panel, series, first: first.marked, last: last.marked, cost: carried.y - last.marked.y });
  }
  const [l2, decoupled] = [outcomes[0]!, outcomes[1]!];
  const spans = `2^${LR_EXPONENTS[0]} to 2^${LR_EXPONENTS.at(-1)}`;
  return {
    figure: {
      description: "Loss on new samples by weight decay, for several learning rates, with L2 in Adam and with AdamW",
      x: { label: "weight decay", base: 2 },
      y: { label: "loss on new samples (nats)", domain: [0.7, 1.5] },
      series: outcomes.flatMap(({ series }) => series),
    },
    lines: outcomes.map(
      (outcome) =>
        `${outcome.panel}: best loss ${outcome.first.y.toFixed(3)} to ${outcome.last.y.toFixed(3)} for lr ${spans}, ` +
        `at decay 2^${Math.log2(outcome.first.x)} to 2^${Math.log2(outcome.last.x)}; ` +
        `the first decay at the last lr costs ${outcome.cost.toFixed(3)}`,
    ),
    passed: decoupled.cost < l2.cost / 3 && decoupled.last.y < 0.97 * l2.last.y && decoupled.first.y < l2.first.y,
  };
}

export const decay: Experiment = {
  name: "decay",
  description:
    "A weight decay found at one lr does at 8 times that lr in AdamW, not as L2 in Adam; and AdamW does better.",
  run,
};
