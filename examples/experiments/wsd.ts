/**
 * A. Hägele et al., "Scaling laws and compute-optimal training beyond fixed training durations" (NeurIPS 2024);
 * S. Hu et al., "MiniCPM" (2024), section 4.
 */
import { AdamW, load, type Runtime, type Schedule, schedules } from "simd-optim";
import { evaluate, fit, perceptron, type Samples, teach } from "./classification.ts";
import type { Experiment, Outcome, Point, RunOptions } from "./experiment.ts";

const BATCH = 32;
const INPUTS = 16;
const CLASSES = 4;
const WIDTH = 64;
const LABEL_NOISE = 0.2;
/** Learning rates to choose the best from: WSD stays at the peak, and so wants a lower one. */
const PEAKS = [0.005, 0.01, 0.02, 0.04];
const WARMUP = 50;
/** The share of a run in which WSD cools down. */
const COOLDOWN = 0.2;
const EVALUATIONS = 40;
/** Steps of a run. */
const LENGTHS = [1000, 2000];
const LONGEST = 2000;

interface Parts {
  readonly training: Samples;
  readonly held: Samples;
}

/** The loss on samples that were held out, in `steps` steps of batches that never come again. */
function train(runtime: Runtime, { training, held }: Parts, lr: Schedule, steps: number, seed: number): Point[] {
  const network = perceptron(runtime, [INPUTS, WIDTH, WIDTH, CLASSES], { seed });
  const optimizer = new AdamW(network.parameters, { lr });
  const points: Point[] = [];
  fit(runtime, network, optimizer, training, { rows: BATCH, steps }, (step) => {
    if (step % (LONGEST / EVALUATIONS) === 0) points.push({ x: step, y: evaluate(network, held).loss });
  });
  return points;
}

async function run({ seed = 1, reduced = false }: RunOptions = {}): Promise<Outcome> {
  const runtime = await load();
  const teaching = { inputs: INPUTS, classes: CLASSES, seed, noise: LABEL_NOISE };
  const parts = {
    training: teach(runtime, { ...teaching, rows: BATCH * LONGEST }),
    held: teach(runtime, { ...teaching, rows: 4096, name: "held out" }),
  };
  /** The run with the peak whose loss is least in the end. */
  const bestOf = (schedule: (peak: number) => Schedule, steps: number) => {
    const runs = PEAKS.map((peak) => ({ peak, points: train(runtime, parts, schedule(peak), steps, seed) }));
    return runs.reduce((best, run) => (last(run.points) < last(best.points) ? run : best));
  };
  const outcomes = (reduced ? LENGTHS.slice(0, 1) : LENGTHS).map((total) => {
    const decay = COOLDOWN * total;
    const before = total - decay;
    const cosine = bestOf((peak) => schedules.warmupCosine({ peak, warmup: WARMUP, total }), total);
    const wsd = bestOf((peak) => schedules.wsd({ peak, warmup: WARMUP, stable: before - WARMUP, decay }), total);
    return { total, cosine, wsd, before: wsd.points.find(({ x }) => x === before)! };
  });
  return {
    figure: {
      description: "Held-out loss by step under a cosine and under warm-up, stable, decay, for runs of two lengths",
      x: { label: "step" },
      y: { label: "held-out loss (nats)" },
      legend: "right",
      series: outcomes.flatMap(({ total, cosine, wsd, before }) => {
        const panel = `${total} steps`;
        return [
          { name: "cosine", panel, points: cosine.points },
          { name: "warm-up, stable, decay", panel, points: wsd.points, marked: before },
        ];
      }),
    },
    lines: outcomes.map(
      ({ total, cosine, wsd, before }) =>
        `${total} steps: cosine (peak ${cosine.peak}) ends at ${last(cosine.points).toFixed(4)}; WSD (peak ${wsd.peak}) ` +
        `is at ${before.y.toFixed(4)} before its cool-down and ends at ${last(wsd.points).toFixed(4)}`,
    ),
    passed: outcomes.every(
      ({ cosine, wsd, before }) =>
        before.y > 1.03 * last(cosine.points) && last(wsd.points) < 1.01 * last(cosine.points),
    ),
  };
}

const last = (points: readonly Point[]) => points.at(-1)!.y;

export const wsd: Experiment = {
  name: "wsd",
  description: "A cool-down in the last fifth takes a constant learning rate to within 1 % of a cosine, or below.",
  run,
};
