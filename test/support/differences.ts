/** Gradients held against central differences of a float64 oracle. */
import { expect } from "vitest";
import { normal } from "../../src/tensor/random.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { bitsOf } from "./runtimes.ts";

/** Normal samples that depend on the name alone. */
export function drawn(runtime: Runtime, shape: readonly number[], name: string): Tensor {
  const tensor = runtime.tensor(shape);
  normal(tensor, { seed: 7, name });
  return tensor;
}

/** Largest |ours - truth| as a share of the largest |truth|. */
export function relativeError(ours: ArrayLike<number>, truth: ArrayLike<number>): number {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    const error = Math.abs(truth[i]! - ours[i]!);
    if (!(error <= worst)) worst = error;
    largest = Math.max(largest, Math.abs(truth[i]!));
  }
  return worst / largest;
}

/** The derivative of `f` with respect to each element of x, by central differences in float64. */
export function centralDifferences(x: ArrayLike<number>, f: (x: number[]) => number): number[] {
  return Array.from(x, (_, i) => {
    const moved = (by: number) => Array.from(x, (value, j) => (i === j ? value + by : value));
    return (f(moved(1e-5)) - f(moved(-1e-5))) / 2e-5;
  });
}

/** sum_i y_i w_i: what a gradient of w at the output is the gradient of. */
export function weighted(y: ArrayLike<number>, w: ArrayLike<number>): number {
  return Array.from(y).reduce((sum, value, i) => sum + value * w[i]!, 0);
}

/** Asserts that values are equal to the bit. */
export function expectSame(ours: Float32Array, theirs: Float32Array, where = ""): void {
  const [a, b] = [bitsOf(ours), bitsOf(theirs)];
  expect(a.length, where).toBe(b.length);
  expect(
    a.findIndex((word, i) => word !== b[i]),
    `first difference ${where}`,
  ).toBe(-1);
}
