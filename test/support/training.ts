/** A small training run that every optimizer can make, with gradients that depend on the step alone. */

import { powi } from "../../src/core/real.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import { Random } from "../../src/tensor/random.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import type { AnyOptimizer } from "./specs.ts";

/** Two matrices, a vector and a single element, each as a matrix of one column for an optimizer that takes no vectors. */
export function smallParameters({ spec: { shapes } }: AnyOptimizer, runtime: Runtime): Parameters {
  const vector = (size: number) => (shapes?.takes([size]) === false ? [size, 1] : [size]);
  const params = runtime.parameters({ w: [7, 5], u: [3, 17], b: vector(13), s: vector(1) });
  const random = new Random(1, "values");
  for (const { data } of params) for (let i = 0; i < data.length; i++) data[i] = random.uniform() - 0.5;
  return params;
}

/** For each step, the gradients drawn so far: to draw them takes ten times as long as a step. */
const drawn: { random: Random; values: number[] }[] = [];

/** Gradients of step `t`: of many magnitudes, with zeros. */
export function setGradients(params: Parameters, t: number): void {
  drawn[t] ??= { random: new Random(2, `gradients ${t}`), values: [] };
  const { random, values } = drawn[t];
  let used = 0;
  for (const { grad } of params) {
    for (let i = 0; i < grad.length; i++, used++) {
      values[used] ??= random.below(8) === 0 ? 0 : ((random.uniform() - 0.5) * powi(10, random.below(9))) / 1e6;
      grad[i] = values[used]!;
    }
  }
}

/** Steps `from` to `to`; every second one also for the Hessian, where that is apart. */
export function run(params: Parameters, optimizer: InstanceType<AnyOptimizer>, from: number, to: number): void {
  for (let t = from; t < to; t++) {
    setGradients(params, t);
    if (optimizer.spec.updateHessian && t % 2 === 0) optimizer.updateHessian();
    optimizer.step();
  }
}
