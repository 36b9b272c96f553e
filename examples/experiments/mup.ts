/** The experiment of G. Yang et al., "Tensor Programs V" (2022), figure 1, on a small scale. */
import { AdamW, gemm, init, load, mupGroups, type Runtime, type Tensor, tanh } from "simd-optim";
import type { Experiment, Outcome, Point } from "./experiment.ts";
import { Mlp, mlpShapes } from "./mlp.ts";

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
const SEED = 2;

const STANDARD = "standard parametrisation";
const MUP = `muP, from width ${NARROWEST}`;

/** What a small random network makes of normal samples: the classes to learn. */
interface Data {
  readonly x: Tensor;
  readonly classes: Uint32Array;
}

function teach(runtime: Runtime): Data {
  const rows = ROWS * BATCHES;
  const units = 24;
  const drawn = (shape: number[], name: string, deviation = 1) => {
    const tensor = runtime.tensor(shape);
    init.normal(tensor, { seed: SEED, name: `teacher ${name}`, deviation });
    return tensor;
  };
  const x = drawn([rows, INPUTS], "x");
  const [hidden, scores] = [runtime.tensor([rows, units]), runtime.tensor([rows, CLASSES])];
  gemm(x, drawn([units, INPUTS], "hidden", 2 / Math.sqrt(INPUTS)), hidden, { transposeB: true });
  tanh(hidden, hidden);
  gemm(hidden, drawn([CLASSES, units], "output"), scores, { transposeB: true });
  const classes = Uint32Array.from({ length: rows }, (_, row) => {
    const own = scores.data.subarray(row * CLASSES, (row + 1) * CLASSES);
    return own.indexOf(Math.max(...own));
  });
  return { x, classes };
}

/** The mean loss over the last steps. */
function train(runtime: Runtime, data: Data, width: number, baseWidth: number, lr: number): number {
  const shape = { inputs: INPUTS, width, classes: CLASSES };
  const base = mlpShapes({ ...shape, width: baseWidth });
  const model = new Mlp(runtime, shape, ROWS, base, SEED);
  const optimizer = new AdamW(mupGroups(model.parameters, base, { optimizer: "adam", lr }));
  let sum = 0;
  for (let step = 0; step < STEPS; step++) {
    const start = (step % BATCHES) * ROWS;
    const end = start + ROWS;
    model.x.data.set(data.x.data.subarray(start * INPUTS, end * INPUTS));
    model.targets.data.set(data.classes.subarray(start, end));
    const loss = model.lossAndGradient();
    optimizer.step();
    if (step >= STEPS - MEASURED) sum += loss;
  }
  return sum / MEASURED;
}

async function run(): Promise<Outcome> {
  const data = teach(await load());
  const runs: { panel: string; width: number; points: Point[]; marked: Point }[] = [];
  for (const panel of [STANDARD, MUP]) {
    for (const width of WIDTHS) {
      // A runtime for each width gives back its memory.
      using runtime = await load();
      const points = EXPONENTS.map((exponent) => {
        const lr = 2 ** exponent;
        // The standard parametrisation is muP with the model itself as the base.
        return { x: lr, y: train(runtime, data, width, panel === MUP ? NARROWEST : width, lr) };
      });
      const marked = points.reduce((best, point) => (point.y < best.y ? point : best));
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
