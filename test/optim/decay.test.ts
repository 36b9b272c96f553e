/** Decoupled decay, of all rules that have it: it comes off along with the step, and p is rounded once. */
import { describe, expect, test } from "vitest";
import { powi } from "../../src/core/real.ts";
import { AdamW } from "../../src/optim/adam.ts";
import { Random } from "../../src/tensor/random.ts";
import { loadAll } from "../support/runtimes.ts";
import { optimizers } from "../support/specs.ts";

/** A decay that 1 - SHRINK in float32 would be off by 1 % of. */
const SHRINK = 55.5 * 2 ** -24;
const lr = 1e-3;
const weightDecay = SHRINK / lr;

const rules: [string, object][] = [
  ["AdaBelief", { lr, weightDecay }],
  ["AdaBelief", { lr, weightDecay, rectify: false }],
  ["AdaBelief", { lr, weightDecay, rectify: false, amsgrad: true }],
  ["Adafactor", { lr, weightDecay, scaleParameter: false, relativeStep: false }],
  ["Adafactor", { lr, weightDecay, scaleParameter: false, relativeStep: false, beta1: 0.9 }],
  ["AdamW", { lr, weightDecay }],
  ["AdamW", { lr, weightDecay, amsgrad: true }],
  ["Adan", { lr, weightDecay: weightDecay / (1 - SHRINK) }],
  ["Adan", { lr, weightDecay, noProx: true }],
  ["AdEMAMix", { lr, weightDecay }],
  ["Lion", { lr, weightDecay }],
  ["NAdam", { lr, weightDecay, decoupledWeightDecay: true }],
  ["Prodigy", { d0: 1, weightDecay: SHRINK }],
  ["RAdam", { lr, weightDecay, decoupledWeightDecay: true }],
  ["Signum", { lr, weightDecay }],
  ["Signum", { lr, weightDecay, momentum: 0 }],
  ["SophiaG", { lr, weightDecay }],
];

describe.each(await loadAll())("on $backend", (runtime) => {
  test.each(rules)("%s %o: where the gradient is 0, p (1 - lr weightDecay) is rounded once", (name, options) => {
    const params = runtime.parameters({ w: [10, 30], b: [1] });
    const random = new Random(1, "decay");
    params.get("w").data.set(Array.from({ length: 300 }, () => 1 + random.uniform()));
    // Prodigy waits for a gradient.
    params.get("b").grad.fill(1);
    const before = [...params.get("w").data];
    const Optimizer = optimizers.find(({ spec }) => spec.name === name)!;
    new Optimizer(params, options).step();
    const errors = [...params.get("w").data].map((p, i) => Math.abs(p - before[i]! * (1 - SHRINK)));
    expect(Math.max(...errors)).toBeLessThanOrEqual(1.001 * 2 ** -24);
  });

  test("AdamW stays within 1e-6 of float64 over 1000 steps of a small decay", () => {
    const params = runtime.parameters({ w: [300] });
    const optimizer = new AdamW(params, { lr: 1e-4, weightDecay: 0.1 });
    const { data, grad } = params.get("w");
    const random = new Random(2, "trajectory");
    const symmetric = () => 2 * random.uniform() - 1;
    for (let i = 0; i < data.length; i++) data[i] = symmetric();
    const [truth, m, v] = [Float64Array.from(data), new Float64Array(300), new Float64Array(300)];
    for (let t = 1; t <= 1000; t++) {
      for (let i = 0; i < grad.length; i++) grad[i] = symmetric() + 0.1 * ((i % 7) - 3);
      optimizer.step();
      const [c1, c2] = [1 - powi(0.9, t), 1 - powi(0.999, t)];
      for (const [i, g] of grad.entries()) {
        m[i] = 0.9 * m[i]! + 0.1 * g;
        v[i] = 0.999 * v[i]! + 0.001 * g * g;
        truth[i]! -= 1e-5 * truth[i]! + (1e-4 * (m[i]! / c1)) / (Math.sqrt(v[i]! / c2) + 1e-8);
      }
    }
    const squares = data.reduce((sum, p, i) => sum + (p - truth[i]!) ** 2, 0);
    expect(Math.sqrt(squares / data.length)).toBeLessThanOrEqual(1e-6);
  });
});
