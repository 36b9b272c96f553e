/** The experiment of G. Yang et al., "Tensor Programs V" (2022), figure 1, on a small scale. */
import { AdamW, load, mupGroups, type Runtime } from "simd-optim";
import { fit, type Samples, teach } from "./classification.ts";
import { type Experiment, lowest, type Outcome, type Point, type RunOptions } from "./experiment.ts";
import { mlp, mlpShapes } from "./mlp.ts";

const WIDTHS = [64, 128, 256, 512] as const;
const [NARROWEST, WIDEST] = [WIDTHS[0], WIDTHS[3]];
/** Binary logarithms of the learning rates to try. */
const EXPONENTS = [-10, -9, -8, -7, -6, -5, -4];
const INPUTS = 16;
const CLASSES = 4;
const ROWS = 32;
/** Few enough batches to be learned by heart, so that losses tell learning rates apart. */
const BATCHES = 16;
const STEPS = 120;
/** The last steps, over which the loss is averaged. */
const MEASURED = 30;

const STANDARD = "standard parametrisation";
const MUP = `muP, from width ${NARROWEST}`;

/** The mean loss over the last steps. */
function train(runtime: Runtime, data: Samples, width: number, baseWidth: number, lr: number, seed: number): number {
  const shape = { inputs: INPUTS, width, classes: CLASSES };
  const base = mlpShapes({ ...shape, width: baseWidth });
  const network = mlp(runtime, shape, base, seed);
  const optimizer = new AdamW(mupGroups(network.parameters, base, { optimizer: "adam", lr }));
  const losses = fit(runtime, network, optimizer, data, { rows: ROWS, steps: STEPS });
  return losses.slice(-MEASURED).reduce((sum, loss) => sum + loss, 0) / MEASURED;
}

async function run({ seed = 2 }: RunOptions = {}): Promise<Outcome> {
  const data = teach(await load(), { rows: ROWS * BATCHES, inputs: INPUTS, classes: CLASSES, seed });
  const runs: { panel: string; width: number; points: Point[]; marked: Point }[] = [];
  for (const panel of [STANDARD, MUP]) {
    for (const width of WIDTHS) {
      // A runtime for each width gives back its memory.
      using runtime = await load();
      const points = EXPONENTS.map((exponent) => {
        const lr = 2 ** exponent;
        // The standard parametrisation is muP with the model itself as the base.
        return { x: lr, y: train(runtime, data, width, panel === MUP ? NARROWEST : width, lr, seed) };
      });
      const marked = lowest(points);
      runs.push({ panel, width, points, marked });
    }
  }
  const at = (panel: string, width: number) => runs.find((run) => run.panel === panel && run.width === width)!;
  const transfers = (panel: string) => at(panel, NARROWEST).marked.x === at(panel, WIDEST).marked.x;
  return {
    figure: {
      description: "Training loss by learning rate, for several widths, in the standard parametrisation and in muP",
      x: { label: "learning rate", base: 2 },
      y: { label: "training loss (nats)", base: 10, domain: [0.03, 1] },
      series: runs.map(({ width, ...run }) => ({ ...run, name: `width ${width}` })),
    },
    lines: [STANDARD, MUP].map((panel) => {
      const [{ marked: narrow }, { marked: wide, points }] = [at(panel, NARROWEST), at(panel, WIDEST)];
      const carried = points.find(({ x }) => x === narrow.x)!;
      const best = `best lr 2^${Math.log2(narrow.x)} at width ${NARROWEST}, 2^${Math.log2(wide.x)} at ${WIDEST}`;
      return `${panel}: ${best}; at ${WIDEST}, the former gives ${carried.y.toFixed(3)}, the latter ${wide.y.toFixed(3)}`;
    }),
    passed: transfers(MUP) && !transfers(STANDARD),
  };
}

export const mup: Experiment = {
  name: "mup",
  description: `The best learning rate at width ${NARROWEST} is the best at ${WIDEST} in muP, and only there.`,
  run,
};
