/** What every library is to do: one training step of a multi-layer perceptron, from the same values on the same data. */
import { load, normal } from "../../src/index.ts";

export const INPUTS = 784;
export const HIDDEN = 256;
export const CLASSES = 10;
export const BATCH = 128;
export const LEARNING_RATE = 1e-3;
export const BETAS = [0.9, 0.999] as const;
export const EPS = 1e-8;

/** A library, ready to train. */
export interface Contestant {
  readonly name: string;
  /** Makes what a library holds globally fit for the next step; it is not timed. */
  prepare?(): Promise<unknown>;
  /** One step with Adam on the mean cross-entropy; returns the loss before it. */
  step(): number;
}

/** Weights are [inputs, outputs], row-major. */
export interface Task {
  readonly weight1: Float32Array<ArrayBuffer>;
  readonly bias1: Float32Array<ArrayBuffer>;
  readonly weight2: Float32Array<ArrayBuffer>;
  readonly bias2: Float32Array<ArrayBuffer>;
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
}

export async function makeTask(): Promise<Task> {
  using rt = await load();
  const drawn = (name: string, size: number, deviation: number) => {
    using tensor = rt.tensor([size]);
    normal(tensor, { seed: 1, name, deviation });
    return Float32Array.from(tensor.data);
  };
  return {
    weight1: drawn("weight1", INPUTS * HIDDEN, Math.sqrt(2 / INPUTS)),
    bias1: new Float32Array(HIDDEN),
    weight2: drawn("weight2", HIDDEN * CLASSES, Math.sqrt(1 / HIDDEN)),
    bias2: new Float32Array(CLASSES),
    images: drawn("images", BATCH * INPUTS, 1),
    labels: Int32Array.from({ length: BATCH }, (_, i) => (7 * i) % CLASSES),
  };
}
