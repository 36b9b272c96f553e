/** Problems with known minima, for convergence checks: a start, a value and a gradient, in float64. */
import { Random } from "../../src/tensor/random.ts";

export interface Problem {
  readonly name: string;
  readonly start: readonly number[];
  /** The value above the minimum. */
  excess(x: ArrayLike<number>): number;
  gradient(x: ArrayLike<number>): number[];
}

/** sum_i h_i x_i^2 / 2 with curvatures from 1 to 100. */
const curvature = Array.from({ length: 10 }, (_, i) => 100 ** (i / 9));
export const quadratic: Problem = {
  name: "quadratic of condition 100",
  start: curvature.map(() => 1),
  excess: (x) => curvature.reduce((sum, h, i) => sum + (h * x[i]! ** 2) / 2, 0),
  gradient: (x) => curvature.map((h, i) => h * x[i]!),
};

/** (1 - x)^2 + 100 (y - x^2)^2, from (-1.2, 1). H. H. Rosenbrock (1960). */
export const rosenbrock: Problem = {
  name: "Rosenbrock's valley",
  start: [-1.2, 1],
  excess: ([x, y]: number[]) => (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2,
  gradient: ([x, y]: number[]) => [-2 * (1 - x!) - 400 * x! * (y! - x! ** 2), 200 * (y! - x! ** 2)],
} as Problem;

const SAMPLES = 200;
const FEATURES = 10;
const random = new Random(1, "logistic");
const rows = Array.from({ length: SAMPLES }, () => Array.from({ length: FEATURES }, () => 2 * random.uniform() - 1));
const labels = rows.map((row) =>
  row.reduce((sum, x, j) => sum + x * (j - 4.5), 0) + 4 * random.uniform() - 2 > 0 ? 1 : -1,
);

/** The mean of log(1 + exp(-y x.w)), plus |w|^2 / 2: m = 200, n = 10, mu = 1. */
function logisticLoss(w: ArrayLike<number>): number {
  const margins = rows.map((row, i) => labels[i]! * row.reduce((sum, x, j) => sum + x * w[j]!, 0));
  const data = margins.reduce((sum, margin) => sum + Math.log1p(Math.exp(-margin)), 0) / SAMPLES;
  return data + Array.from(w).reduce((sum, x) => sum + (x * x) / 2, 0);
}

function logisticGradient(w: ArrayLike<number>): number[] {
  const gradient = Array.from(w);
  for (const [i, row] of rows.entries()) {
    const margin = labels[i]! * row.reduce((sum, x, j) => sum + x * w[j]!, 0);
    const weight = -labels[i]! / (1 + Math.exp(margin)) / SAMPLES;
    for (let j = 0; j < FEATURES; j++) gradient[j]! += weight * row[j]!;
  }
  return gradient;
}

/** The minimum, by gradient descent in float64: the condition is below 2, so 200 steps leave nothing. */
function logisticMinimum(): number {
  const w = new Array<number>(FEATURES).fill(0);
  for (let t = 0; t < 200; t++) for (const [j, g] of logisticGradient(w).entries()) w[j]! -= 0.7 * g;
  return logisticLoss(w);
}

const least = logisticMinimum();
export const logistic: Problem = {
  name: "regularised logistic regression",
  start: new Array(FEATURES).fill(1),
  excess: (w) => logisticLoss(w) - least,
  gradient: logisticGradient,
};
