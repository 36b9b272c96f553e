/**
 * Gradient descent of step size lr does not stay where the sharpness, the largest eigenvalue of the Hessian, is above
 * 2 / lr. The network and what it learns, Chebyshev's polynomial of degree 4, are from J. Cohen et al., "Gradient descent
 * on neural networks typically occurs at the edge of stability" (ICLR 2021).
 */
import { load, mse, type Runtime, SGD } from "simd-optim";
import { gradients } from "../support/gradients.ts";
import { perceptron } from "./classification.ts";
import type { Experiment, Outcome, Point, RunOptions, Series } from "./experiment.ts";
import { Sharpness } from "./sharpness.ts";

const LRS = [0.02, 0.05, 0.1, 0.2];
const VALLEYS = "from a sharp valley";
const NETWORK = "tanh network";

/** Two parabolas, of which the lower counts, about -1 and 1. */
const SHARP = 30;
const FLAT = 5;

const ROWS = 20;
const WIDTH = 50;
const STEPS = 6000;
/** Steps between two measurements. */
const INTERVAL = 100;

/** The sharpness of the valley that descent is in, beginning beside the minimum of the sharp one. */
async function crossValleys(lr: number): Promise<Point[]> {
  const runtime = await load();
  const params = runtime.parameters({ x: [1] });
  const optimizer = new SGD(params, { lr });
  const { data, grad } = params.get("x");
  data[0] = -0.99;
  const points: Point[] = [];
  for (let step = 0; step <= STEPS; step++) {
    const [fromSharp, fromFlat] = [data[0]! + 1, data[0]! - 1];
    const inSharp = SHARP * fromSharp * fromSharp < FLAT * fromFlat * fromFlat;
    grad[0] = inSharp ? SHARP * fromSharp : FLAT * fromFlat;
    optimizer.step();
    if (step % INTERVAL === 0) points.push({ x: step, y: inSharp ? SHARP : FLAT });
  }
  return points;
}

function chebyshev(runtime: Runtime) {
  const [x, targets] = [runtime.tensor([ROWS, 1]), runtime.tensor([ROWS, 1])];
  for (let row = 0; row < ROWS; row++) {
    const at = (2 * row) / (ROWS - 1) - 1;
    x.data[row] = at;
    targets.data[row] = 8 * at * at * (at * at - 1) + 1;
  }
  return { x, targets };
}

/** The sharpness of a network's loss while it is trained by gradient descent on all samples at once. */
async function train(lr: number, seed: number): Promise<Point[]> {
  const runtime = await load();
  const { x, targets } = chebyshev(runtime);
  const network = perceptron(runtime, [1, WIDTH, WIDTH, 1], { seed });
  const lossAndGradient = () => gradients(network, x, (y) => mse(y, targets, { gradient: y }));
  const sharpness = new Sharpness(runtime, network.parameters, lossAndGradient, seed);
  const optimizer = new SGD(network.parameters, { lr });
  const points: Point[] = [];
  for (let step = 0; step <= STEPS; step++) {
    if (step % INTERVAL === 0) points.push({ x: step, y: sharpness.measure() });
    lossAndGradient();
    optimizer.step();
  }
  return points;
}

/** The mean over the last tenth. */
function settled(points: readonly Point[]): number {
  const tail = points.slice(-points.length / 10);
  return tail.reduce((sum, { y }) => sum + y, 0) / tail.length;
}

async function run({ seed = 1 }: RunOptions = {}): Promise<Outcome> {
  const outcomes = [];
  for (const lr of LRS) {
    outcomes.push({ lr, edge: 2 / lr, valley: await crossValleys(lr), network: await train(lr, seed) });
  }
  const series = outcomes.flatMap(({ lr, edge, valley, network }): Series[] => {
    const name = `lr ${lr}, 2 / lr = ${edge}`;
    const ends = [0, STEPS].map((x) => ({ x, y: edge }));
    return [
      { name, panel: VALLEYS, points: valley },
      { name, panel: VALLEYS, points: ends, dashed: true },
      { name, panel: NETWORK, points: network },
      { name, panel: NETWORK, points: ends, dashed: true },
    ];
  });
  return {
    figure: {
      description: "Sharpness by step of gradient descent with several step sizes, and the sharpness 2 / lr of each",
      x: { label: "step" },
      y: { label: "sharpness", base: 10, domain: [3, 400] },
      series,
    },
    lines: outcomes.map(
      ({ lr, edge, valley, network }) =>
        `lr ${lr}, 2 / lr = ${edge}: ends in the valley of sharpness ${valley.at(-1)!.y}; ` +
        `the network settles at ${settled(network).toFixed(1)}, ${(settled(network) / edge).toFixed(2)} of 2 / lr`,
    ),
    passed: outcomes.every(
      ({ edge, valley, network }) =>
        valley.at(-1)!.y === (SHARP > edge ? FLAT : SHARP) && Math.abs(settled(network) / edge - 1) < 0.1,
    ),
  };
}

export const minima: Experiment = {
  name: "minima",
  description:
    "Descent leaves a valley of sharpness above 2 / lr, and a network's sharpness settles within 10 % of it.",
  run,
};
