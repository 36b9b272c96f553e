/**
 * F. Kunstner et al., "Heavy-tailed class imbalance and why Adam outperforms gradient descent on language models"
 * (NeurIPS 2024), its linear model on a smaller scale: labels do not depend on inputs.
 */
import { Adam, crossEntropy, init, Linear, load, Network, type Runtime, SGD, type Tensor } from "simd-optim";
import { gradients } from "../support/gradients.ts";
import { emptySamples, type Samples } from "./classification.ts";
import type { Experiment, Outcome, Point, RunOptions } from "./experiment.ts";

const CLASSES = 127;
/** The classes from this one on are the rare ones, an eighth of all samples under Zipf's law. */
const RARE = 63;
const SAMPLES = 512;
const INPUTS = 64;
const STEPS = 150;
/** The last steps, over which losses are averaged: those of SGD bounce. */
const MEASURED = 10;

/** The learning rates to choose the best from. */
const optimizers = [
  { name: "SGD", make: SGD, lrs: [1, 2, 4, 16, 64] },
  { name: "Adam", make: Adam, lrs: [0.03, 0.1, 0.3] },
] as const;

const ZIPF = "Zipf labels";
const BALANCED = "balanced labels";

/** Labels of which the k-th class has a share that is proportional to 1 / k, or all the same one. */
function labels(panel: string): number[] {
  if (panel === BALANCED) return Array.from({ length: SAMPLES }, (_, i) => i % CLASSES);
  const weights = Array.from({ length: CLASSES }, (_, k) => 1 / (k + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // The classes at evenly spaced quantiles.
  let [k, below] = [0, weights[0]!];
  return Array.from({ length: SAMPLES }, (_, i) => {
    while (((i + 0.5) / SAMPLES) * total > below && k < CLASSES - 1) below += weights[++k]!;
    return k;
  });
}

function draw(runtime: Runtime, panel: string, seed: number): Samples {
  const samples = emptySamples(runtime, SAMPLES, INPUTS);
  init.uniform(samples.x, { seed, name: "x" });
  samples.classes.data.set(labels(panel));
  return samples;
}

/** The mean loss over all samples, and over those of rare classes, before each step and after the last. */
interface Curves {
  readonly all: readonly Point[];
  readonly rare: readonly Point[];
}

async function train(panel: string, { make }: (typeof optimizers)[number], lr: number, seed: number): Promise<Curves> {
  using runtime = await load();
  const samples = draw(runtime, panel, seed);
  const losses = runtime.tensor([SAMPLES]);
  const network = new Network(runtime, new Linear(INPUTS, CLASSES, { start: init.zeros }), { seed });
  const optimizer = new make(network.parameters, { lr });
  const curves = { all: [] as Point[], rare: [] as Point[] };
  for (let step = 0; step <= STEPS; step++) {
    const loss = gradients(network, samples.x, (logits) =>
      crossEntropy(logits, samples.classes, { losses, gradient: logits }),
    );
    curves.all.push({ x: step, y: loss });
    curves.rare.push({ x: step, y: meanOfRare(losses, samples) });
    optimizer.step();
  }
  return curves;
}

function meanOfRare({ data }: Tensor, { classes }: Samples): number {
  const rare = data.filter((_, i) => classes.data[i]! >= RARE);
  return rare.reduce((sum, loss) => sum + loss, 0) / rare.length;
}

/** The mean over the last steps. */
function last(points: readonly Point[]): number {
  return points.slice(-MEASURED).reduce((sum, { y }) => sum + y, 0) / MEASURED;
}

async function run({ seed = 1 }: RunOptions = {}): Promise<Outcome> {
  const outcomes: { panel: string; name: string; lr: number; curves: Curves }[] = [];
  for (const panel of [ZIPF, BALANCED]) {
    for (const optimizer of optimizers) {
      const runs = [];
      for (const lr of optimizer.lrs) runs.push({ lr, curves: await train(panel, optimizer, lr, seed) });
      const best = runs.reduce((best, run) => (last(run.curves.all) < last(best.curves.all) ? run : best));
      outcomes.push({ panel, name: optimizer.name, ...best });
    }
  }
  const [zipfSgd, zipfAdam, sgd, adam] = outcomes.map(({ curves }) => curves) as [Curves, Curves, Curves, Curves];
  const gap = (one: Curves, other: Curves) => last(one.all) - last(other.all);
  return {
    figure: {
      description: "Training loss by step of SGD and Adam, over all classes and over rare ones, for two sets of labels",
      x: { label: "step" },
      y: { label: "training loss (nats)", domain: [0, 9] },
      legend: "right",
      series: outcomes.flatMap(({ panel, name, curves }) => [
        { name: `${name}, classes from ${RARE + 1} on`, panel, points: curves.rare },
        { name: `${name}, all classes`, panel, points: curves.all, dashed: true },
      ]),
    },
    lines: outcomes.map(
      ({ panel, name, lr, curves }) =>
        `${panel}, ${name} at its best lr ${lr}: loss ${last(curves.all).toFixed(3)}, ` +
        `${last(curves.rare).toFixed(3)} on the rare half of the classes`,
    ),
    passed:
      last(zipfSgd.all) > 2 * last(zipfAdam.all) &&
      last(zipfSgd.rare) > 10 * last(zipfAdam.rare) &&
      gap(sgd, adam) < gap(zipfSgd, zipfAdam) / 3,
  };
}

export const zipf: Experiment = {
  name: "zipf",
  description: "SGD stalls on rare classes under Zipf's law where Adam does not; with balanced classes they are close.",
  run,
};
