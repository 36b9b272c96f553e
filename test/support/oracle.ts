/** Textbook rules in float64, written from the paper, beside an optimizer that has no recorded trajectory. */
import { expect } from "vitest";
import type { Parameters } from "../../src/parameters.ts";
import { Random } from "../../src/random.ts";
import type { Runtime } from "../../src/runtime.ts";

/** One element of a parameter: the new value from the old one, the gradient and the step, counted from 1. */
export type Rule = (w: number, g: number, t: number) => number;

const SIZE = 37;
const STEPS = 25;
const U = 2 ** -24;

/**
 * Steps the optimizer and, element by element, rules made by `rule` with the same random gradients, and asserts that
 * they stay together: each step may add the error of `roundings` roundings of the largest value so far, since values
 * are rounded once a step, and steps, which are smaller, a few times.
 */
export function followRule(
  runtime: Runtime,
  make: (params: Parameters) => { step(): unknown; dispose(): void },
  rule: () => Rule,
  roundings = 4,
): void {
  const params = runtime.parameters({ w: [SIZE] });
  const { data, grad } = params.get("w");
  const random = new Random(3, "oracle");
  for (let i = 0; i < SIZE; i++) data[i] = random.uniform() - 0.5;
  const truth = Array.from(data);
  const rules = truth.map(rule);
  const optimizer = make(params);
  let largest = 0;
  for (let t = 1; t <= STEPS; t++) {
    for (let i = 0; i < SIZE; i++) grad[i] = random.below(8) === 0 ? 0 : random.uniform() - 0.4;
    optimizer.step();
    rules.forEach((next, i) => {
      truth[i] = next(truth[i]!, grad[i]!, t);
      largest = Math.max(largest, Math.abs(truth[i]!));
      const error = Math.abs(data[i]! - truth[i]!) / (largest * U);
      expect(error, `element ${i} after step ${t}, in roundings`).toBeLessThanOrEqual(roundings * t);
    });
  }
  optimizer.dispose();
  params.dispose();
}
