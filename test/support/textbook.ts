/** Textbook rules in float64, for optimizers of whose code there are no recorded trajectories. */
import { expect } from "vitest";
import type { Parameters } from "../../src/tensor/parameters.ts";
import { Random } from "../../src/tensor/random.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";

/** A rule over one parameter: changes `p` in place, by `g`; `t` counts from 1. */
export type Textbook = (p: number[], g: readonly number[], t: number) => void;

export const largest = (values: readonly number[]) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
export const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** Parameters of three shapes with values around 0. */
export function textbookParameters(runtime: Runtime): Parameters {
  const params = runtime.parameters({ w: [7, 5], b: [13], s: [1] });
  const random = new Random(1, "textbook values");
  for (const { data } of params) for (let i = 0; i < data.length; i++) data[i] = random.uniform() - 0.5;
  return params;
}

/** Sets gradients of step `t`: of magnitudes that differ by up to a thousand between elements, with a bias. */
function setGradients(params: Parameters, t: number): void {
  const random = new Random(2, `textbook gradients ${t}`);
  for (const { grad } of params) {
    for (let i = 0; i < grad.length; i++) grad[i] = (random.uniform() - 0.3) * 10 ** -(i % 4);
  }
}

/**
 * Steps the optimizer beside the rule, made anew for each parameter. Every element must stay within t roundings of the
 * largest value and of 16 roundings of the largest step so far: an update takes a dozen operations, and one more
 * rounding as it is added.
 */
export function followTextbook(
  params: Parameters,
  optimizer: { step(): unknown },
  textbook: (size: number) => Textbook,
): void {
  const truths = [...params].map(({ data, size }) => ({ p: [...data], rule: textbook(size), moved: 0 }));
  for (let t = 1; t <= 25; t++) {
    setGradients(params, t);
    optimizer.step();
    for (const [k, { name, data, grad }] of [...params].entries()) {
      const truth = truths[k]!;
      const before = [...truth.p];
      truth.rule(truth.p, [...grad], t);
      truth.moved = Math.max(truth.moved, largest(truth.p.map((value, i) => value - before[i]!)));
      const error = largest(truth.p.map((value, i) => data[i]! - value));
      const allowed = 2 ** -24 * t * (largest(truth.p) + 16 * truth.moved);
      expect(error, `step ${t}, ${name}`).toBeLessThanOrEqual(allowed);
    }
  }
}

/** A rule for one element: the new value from the old one, the gradient and the step, counted from 1. */
export type ElementRule = (w: number, g: number, t: number) => number;

/** Steps an optimizer beside a rule that is made anew for each element. */
export function followElements(
  runtime: Runtime,
  make: (params: Parameters) => { step(): unknown },
  rule: () => ElementRule,
): void {
  const params = textbookParameters(runtime);
  followTextbook(params, make(params), (size) => {
    const rules = Array.from({ length: size }, rule);
    return (p, g, t) => {
      for (const [i, next] of rules.entries()) p[i] = next(p[i]!, g[i]!, t);
    };
  });
}
