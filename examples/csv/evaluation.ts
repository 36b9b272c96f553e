/** How good predictions are, beside those of a model that knows no inputs. */
import { momentsOf } from "./features.ts";

export interface ClassScore {
  readonly label: string;
  /** Of the rows predicted to be of the class, the share that is; NaN if there are none. */
  readonly precision: number;
  /** Of the rows of the class, the share predicted to be; NaN if there are none. */
  readonly recall: number;
  readonly rows: number;
}

export interface ClassificationResult {
  readonly task: "classification";
  /** How many rows of each class, one array for each, were predicted to be of each. */
  readonly confusion: readonly (readonly number[])[];
  readonly scores: readonly ClassScore[];
  readonly accuracy: number;
  /** The accuracy of always saying the most frequent class of the rows to learn from, and that class. */
  readonly baseline: { readonly label: string; readonly accuracy: number };
}

export interface RegressionResult {
  readonly task: "regression";
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  /** Root of the mean squared error, in units of the label. */
  readonly rmse: number;
  /** The share of the variance of the labels that is explained; NaN if they do not vary. */
  readonly r2: number;
  /** The same of always saying the mean of the rows to learn from. */
  readonly baseline: { readonly mean: number; readonly rmse: number };
}

export type Result = ClassificationResult | RegressionResult;

/** The place of the largest of the outputs of each row, the first of equals. */
export function largestOutputs(outputs: Float32Array, width: number): number[] {
  return Array.from({ length: outputs.length / width }, (_, row) => {
    const own = outputs.subarray(row * width, (row + 1) * width);
    return own.reduce((best, output, i) => (output > own[best]! ? i : best), 0);
  });
}

/** Compares classes by number; `known` are those of the rows to learn from. */
export function scoreClasses(
  classes: readonly string[],
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  known: ArrayLike<number>,
): ClassificationResult {
  const confusion = classes.map(() => classes.map(() => 0));
  for (let i = 0; i < truth.length; i++) confusion[truth[i]!]![predicted[i]!]!++;
  const ofClass = confusion.map((row) => row.reduce((a, b) => a + b));
  const scores = classes.map((label, id) => {
    const hits = confusion[id]![id]!;
    const said = confusion.reduce((sum, row) => sum + row[id]!, 0);
    return { label, precision: hits / said, recall: hits / ofClass[id]!, rows: ofClass[id]! };
  });
  const counts = classes.map(() => 0);
  for (let i = 0; i < known.length; i++) counts[known[i]!]!++;
  const most = counts.indexOf(Math.max(...counts));
  const hits = confusion.reduce((sum, row, id) => sum + row[id]!, 0);
  return {
    task: "classification",
    confusion,
    scores,
    accuracy: hits / truth.length,
    baseline: { label: classes[most]!, accuracy: ofClass[most]! / truth.length },
  };
}

/** Compares numbers; `mean` is that of the rows to learn from. */
export function scoreNumbers(truth: Float64Array, predicted: Float64Array, mean: number): RegressionResult {
  const rmse = rootMeanSquare(truth.map((value, i) => value - predicted[i]!));
  const { deviation } = momentsOf(truth);
  return {
    task: "regression",
    truth,
    predicted,
    rmse,
    r2: deviation === 0 ? Number.NaN : 1 - (rmse / deviation) * (rmse / deviation),
    baseline: { mean, rmse: rootMeanSquare(truth.map((value) => value - mean)) },
  };
}

function rootMeanSquare(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
