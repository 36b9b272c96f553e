/** The lasso by proximal steps and by subgradients: R. Tibshirani (1996); I. Daubechies et al. (2004). */
import {
  gemm,
  init,
  Linear,
  l1Penalty,
  l1Prox,
  l2Penalty,
  load,
  mse,
  Network,
  type Parameters,
  type Runtime,
  SGD,
} from "simd-optim";
import { gradients } from "../support/gradients.ts";
import type { Experiment, Outcome, Point, RunOptions } from "./experiment.ts";

const ROWS = 128;
const INPUTS = 256;
/** The inputs that the targets depend on, with weights 1 and -1: one in so many. */
const SPACING = 22;
const NOISE = 0.1;
const LAMBDA = 0.1;
const LR = 0.05;
const STEPS = 600;

/** What is done about the weights: before the step, to the gradients, or after it, to the weights. */
interface Method {
  readonly name: string;
  readonly before?: (params: Parameters) => void;
  readonly after?: (params: Parameters) => void;
}

const PROXIMAL: Method = { name: "L1, proximal step", after: (params) => l1Prox(params, LR * LAMBDA) };
const SUBGRADIENT: Method = { name: "L1, subgradient", before: (params) => l1Penalty(params, LAMBDA) };
const SQUARE: Method = { name: "L2", before: (params) => l2Penalty(params, LAMBDA) };

const relevant = (input: number) => input % SPACING === 0;

/** Fewer rows than inputs, and targets that depend on a few of these. */
function regression(runtime: Runtime, seed: number) {
  const [x, targets] = [runtime.tensor([ROWS, INPUTS]), runtime.tensor([ROWS, 1])];
  const truth = runtime.tensor([1, INPUTS], {
    values: Array.from({ length: INPUTS }, (_, i) => (relevant(i) ? 1 - 2 * (i % 2) : 0)),
  });
  init.normal(x, { seed, name: "x" });
  init.normal(targets, { seed, name: "noise", deviation: NOISE });
  gemm(x, truth, targets, { transposeB: true, beta: 1 });
  return { x, targets };
}

/** The weights in the end, and how many were not exactly 0 after each step. */
async function train({ before, after }: Method, seed: number) {
  const runtime = await load();
  const { x, targets } = regression(runtime, seed);
  const network = new Network(runtime, new Linear(INPUTS, 1, { bias: false }), { seed });
  const { parameters } = network;
  const optimizer = new SGD(parameters, { lr: LR });
  const weights = parameters.get("weight");
  const points: Point[] = [];
  for (let step = 1; step <= STEPS; step++) {
    gradients(network, x, (y) => mse(y, targets, { gradient: y }));
    before?.(parameters);
    optimizer.step();
    after?.(parameters);
    points.push({ x: step, y: weights.data.filter((weight) => weight !== 0).length });
  }
  const loss = mse(network.forward(x, { training: false }), targets);
  return { weights: [...weights.data], points, loss };
}

async function run({ seed = 1 }: RunOptions = {}): Promise<Outcome> {
  const outcomes = [];
  for (const method of [PROXIMAL, SUBGRADIENT, SQUARE]) {
    const { weights, points, loss } = await train(method, seed);
    const objective = loss + LAMBDA * weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
    const zeros = weights.filter((weight) => weight === 0).length;
    const found = weights.filter((weight, i) => relevant(i) && weight !== 0).length;
    outcomes.push({ name: method.name, points, objective, zeros, found });
  }
  const [proximal, subgradient, square] = [outcomes[0]!, outcomes[1]!, outcomes[2]!];
  const truths = Array.from({ length: INPUTS }, (_, i) => i).filter(relevant).length;
  return {
    figure: {
      description: "Weights that are not exactly 0 by step, under L1 with proximal steps, L1 with subgradients, and L2",
      x: { label: "step" },
      y: { label: "weights that are not exactly 0", base: 2, domain: [8, 512] },
      legend: "right",
      series: outcomes.map(({ name, points }) => ({ name, points, panel: `${INPUTS} weights, ${truths} of use` })),
    },
    lines: outcomes.map(
      ({ name, zeros, found, objective }) =>
        `${name}: ${zeros} of ${INPUTS} weights are 0, ${found} of the ${truths} true ones are not; ` +
        `loss + ${LAMBDA} |w| = ${objective.toFixed(4)}`,
    ),
    passed:
      proximal.zeros >= 0.9 * (INPUTS - truths) &&
      proximal.found === truths &&
      subgradient.zeros === 0 &&
      square.zeros === 0 &&
      proximal.objective < subgradient.objective,
  };
}

export const sparse: Experiment = {
  name: "sparse",
  description: "Proximal steps of L1 set over 90 % of useless weights to exactly 0, subgradients and L2 none.",
  run,
};
