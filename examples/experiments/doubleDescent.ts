/** M. Belkin et al., "Reconciling modern machine learning practice and the bias-variance trade-off" (PNAS 2019). */
import { gemm, init, load, mse, type Runtime, relu } from "simd-optim";
import { type Experiment, lowest, type Outcome, type RunOptions } from "./experiment.ts";
import { leastSquares } from "./linearSystem.ts";

const SAMPLES = 100;
const TESTS = 400;
const INPUTS = 10;
const NOISE = 0.1;
const FEATURES = [5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100, 105, 110, 120, 150, 200, 300, 500, 1000];
/** Errors are geometric means over so many draws: at the peak, the mean is that of the worst draw. */
const DRAWS = 7;
const RIDGE = 0.01;

const RIDGELESS = "test error, no penalty";
const RIDGED = `test error, ridge ${RIDGE}`;
const TRAINING = "training error, no penalty";

/** Noisy samples of a linear function for training, exact ones for tests, and fits over random ReLU features. */
function experimentOn(runtime: Runtime, seed: number, draw: number) {
  const drawn = (shape: number[], name: string, deviation = 1) => {
    const tensor = runtime.tensor(shape);
    init.normal(tensor, { seed, name: `${name} ${draw}`, deviation });
    return tensor;
  };
  const truth = drawn([1, INPUTS], "truth", 1 / Math.sqrt(INPUTS));
  const part = (name: string, rows: number, noise: number) => {
    const x = drawn([rows, INPUTS], `x of ${name}`);
    const y = drawn([rows, 1], `noise of ${name}`, noise);
    gemm(x, truth, y, { transposeB: true, beta: 1 });
    return { x, y };
  };
  const [training, test] = [part("training", SAMPLES, NOISE), part("test", TESTS, 0)];

  /** The mean squared errors of training and test. */
  return (count: number, ridge: number) => {
    const directions = drawn([count, INPUTS], "features", 1 / Math.sqrt(INPUTS));
    const featuresOf = ({ x }: typeof training) => {
      const features = runtime.tensor([x.shape[0]!, count]);
      gemm(x, directions, features, { transposeB: true, alpha: 1 / Math.sqrt(count) });
      relu(features, features);
      return features;
    };
    const features = featuresOf(training);
    const matrix = { rows: SAMPLES, columns: count, data: features.data };
    const weights = runtime.tensor([1, count]);
    weights.data.set(leastSquares(matrix, training.y.data, ridge));
    const error = (of: typeof training) => {
      const predictions = runtime.tensor(of.y.shape);
      gemm(featuresOf(of), weights, predictions, { transposeB: true });
      return mse(predictions, of.y);
    };
    return { training: error(training), test: error(test) };
  };
}

const geometricMean = (values: readonly number[]) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

async function run({ seed = 1, reduced = false }: RunOptions = {}): Promise<Outcome> {
  const draws = reduced ? 3 : DRAWS;
  const errors = FEATURES.map(() => ({ ridgeless: [] as number[], ridged: [] as number[], training: [] as number[] }));
  for (let draw = 0; draw < draws; draw++) {
    using runtime = await load();
    const fit = experimentOn(runtime, seed, draw);
    for (const [i, count] of FEATURES.entries()) {
      const { test, training } = fit(count, 0);
      errors[i]!.ridgeless.push(test);
      errors[i]!.training.push(training);
      errors[i]!.ridged.push(fit(count, RIDGE).test);
    }
  }
  const curve = (which: "ridgeless" | "ridged" | "training") =>
    FEATURES.map((x, i) => ({ x, y: geometricMean(errors[i]![which]) }));
  const [ridgeless, ridged] = [curve("ridgeless"), curve("ridged")];
  const peak = ridgeless.find(({ x }) => x === SAMPLES)!;
  const highest = ridgeless.reduce((most, point) => (point.y > most.y ? point : most));
  const classical = lowest(ridgeless.filter(({ x }) => x < SAMPLES));
  const modern = ridgeless.at(-1)!;
  const ridgedAtPeak = ridged.find(({ x }) => x === SAMPLES)!;
  const said = ({ x, y }: typeof peak) => `${y.toPrecision(3)} with ${x} features`;
  const panel = `${SAMPLES} samples`;
  return {
    figure: {
      description: "Test and training error of least squares by the number of random features",
      x: { label: "random features", base: 10 },
      y: { label: "mean squared error", base: 10, domain: [1e-3, 100] },
      series: [
        { name: RIDGELESS, panel, points: ridgeless, marked: peak },
        { name: RIDGED, panel, points: ridged },
        { name: TRAINING, panel, points: curve("training"), dashed: true },
      ],
    },
    lines: [
      `no penalty: test error falls to ${said(classical)}, rises to ${said(highest)}, falls to ${said(modern)}`,
      `ridge ${RIDGE}: test error is ${said(ridgedAtPeak)}, ${said(ridged.at(-1)!)}`,
    ],
    passed:
      highest === peak && peak.y > 10 * classical.y && modern.y < classical.y && ridgedAtPeak.y < 1.2 * classical.y,
  };
}

export const doubleDescent: Experiment = {
  name: "doubleDescent",
  description: "Test error peaks where there are as many features as samples, and is lowest with many more.",
  run,
};
