/** Samples to classify, and what the experiments do with them over and over. */
import {
  crossEntropy,
  gemm,
  init,
  type Layer,
  Linear,
  Network,
  Random,
  type Runtime,
  Sequential,
  Tanh,
  type Tensor,
  tanh,
} from "simd-optim";
import { gradients } from "../support/gradients.ts";

/** Rows of inputs, [rows, inputs], and the class of each, [rows]. */
export interface Samples {
  readonly x: Tensor;
  readonly classes: Tensor<"u32">;
}

export interface Teaching {
  readonly rows: number;
  readonly inputs: number;
  readonly classes: number;
  readonly seed: number;
  /** Rows with the same name are the same rows. */
  readonly name?: string;
  /** The share of rows whose class is drawn at random instead; none unless it is given. */
  readonly noise?: number;
}

/** Samples without contents, such as a batch to fill. */
export function emptySamples(runtime: Runtime, rows: number, inputs: number): Samples {
  return { x: runtime.tensor([rows, inputs]), classes: runtime.tensor([rows], { type: "u32" }) };
}

/** What a small random network, the same for each name, makes of normal samples. */
export function teach(runtime: Runtime, { rows, inputs, classes, seed, name = "x", noise = 0 }: Teaching): Samples {
  const units = 24;
  const drawn = (shape: number[], name: string, deviation = 1) => {
    const tensor = runtime.tensor(shape);
    init.normal(tensor, { seed, name: `teacher ${name}`, deviation });
    return tensor;
  };
  const samples = { x: drawn([rows, inputs], name), classes: runtime.tensor([rows], { type: "u32" }) };
  const [hidden, scores] = [runtime.tensor([rows, units]), runtime.tensor([rows, classes])];
  gemm(samples.x, drawn([units, inputs], "hidden", 2 / Math.sqrt(inputs)), hidden, { transposeB: true });
  tanh(hidden, hidden);
  gemm(hidden, drawn([classes, units], "output"), scores, { transposeB: true });
  const random = new Random(seed, `noise ${name}`);
  for (let row = 0; row < rows; row++) {
    const noisy = random.uniform() < noise;
    samples.classes.data[row] = noisy ? random.below(classes) : largest(scores, row);
  }
  hidden.dispose();
  scores.dispose();
  return samples;
}

/** Fills a batch with the rows from `start` on, beginning again after the last one. */
function takeNext({ x, classes }: Samples, start: number, batch: Samples): void {
  const inputs = x.shape[1]!;
  for (let i = 0; i < batch.classes.size; i++) {
    const row = (start + i) % classes.size;
    batch.x.data.set(x.data.subarray(row * inputs, (row + 1) * inputs), i * inputs);
    batch.classes.data[i] = classes.data[row]!;
  }
}

/** Linear layers of these widths, with `Activation` between them. */
export function perceptron(
  runtime: Runtime,
  widths: readonly number[],
  { Activation = Tanh, bias = true, seed }: { Activation?: new () => Layer; bias?: boolean; seed: number },
): Network {
  const layers = widths
    .slice(1)
    .flatMap((width, i) => [new Linear(widths[i]!, width, { bias }), new Activation()])
    .slice(0, -1);
  return new Network(runtime, new Sequential(layers), { seed });
}

/** Trains on batches of so many rows, one after the other; returns the losses before each step. */
export function fit(
  runtime: Runtime,
  network: Network,
  optimizer: { step(): unknown },
  samples: Samples,
  { rows, steps }: { readonly rows: number; readonly steps: number },
  after: (step: number) => void = () => {},
): number[] {
  const batch = emptySamples(runtime, rows, samples.x.shape[1]!);
  return Array.from({ length: steps }, (_, step) => {
    takeNext(samples, step * rows, batch);
    const loss = lossAndGradient(network, batch);
    optimizer.step();
    after(step + 1);
    return loss;
  });
}

/** The mean loss in nats; leaves its gradient in the parameters. */
export function lossAndGradient(network: Network, { x, classes }: Samples): number {
  return gradients(network, x, (logits) => crossEntropy(logits, classes, { gradient: logits }));
}

/** The mean loss in nats, and the share of samples that are classified as they should be. */
export function evaluate(network: Network, { x, classes }: Samples): { loss: number; accuracy: number } {
  const logits = network.forward(x, { training: false });
  const loss = crossEntropy(logits, classes);
  let right = 0;
  for (const [row, target] of classes.data.entries()) if (largest(logits, row) === target) right++;
  return { loss, accuracy: right / classes.size };
}

/** The column with the largest element of a row. */
function largest({ data, shape }: Pick<Tensor, "data" | "shape">, row: number): number {
  const columns = shape[1]!;
  const own = data.subarray(row * columns, (row + 1) * columns);
  return own.indexOf(Math.max(...own));
}
