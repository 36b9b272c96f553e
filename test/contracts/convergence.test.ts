/** What theory says about convergence, and how fast each optimizer reaches the minimum of known problems. */
import { describe, expect, test } from "vitest";
import * as optim from "../../src/optim/index.ts";
import * as schedules from "../../src/schedules/index.ts";
import type { Parameter } from "../../src/tensor/parameters.ts";
import { Random } from "../../src/tensor/random.ts";
import { load } from "../../src/tensor/runtime.ts";
import { logistic, type Problem, quadratic, rosenbrock } from "../support/problems.ts";
import { type AnyOptimizer, optimizers } from "../support/specs.ts";

const { Adam, AdamW, SGD } = optim;
const rt = await load();

/** Sets gradients from values, element by element or as a whole. */
function setGradient({ data, grad }: Parameter, gradient: (x: Float32Array) => ArrayLike<number>): void {
  grad.set(gradient(data));
}

const norm = (x: ArrayLike<number>) => Math.hypot(...Array.from(x));

function vector(size: number, value: number): { params: ReturnType<typeof rt.parameters>; x: Parameter } {
  const params = rt.parameters({ x: [size] });
  params.get("x").data.fill(value);
  return { params, x: params.get("x") };
}

describe("theory", () => {
  test("gradient descent with step 2 / (L + mu) contracts by (k - 1) / (k + 1) a step on a quadratic of condition k", () => {
    const { params, x } = vector(10, 1);
    const sgd = new SGD(params, { lr: 2 / 101 });
    const start = norm(x.data);
    for (let t = 1; t <= 400; t++) {
      setGradient(x, quadratic.gradient);
      sgd.step();
      expect(norm(x.data)).toBeLessThanOrEqual((99 / 101) ** t * start * (1 + 1e-5));
    }
  });

  /** The mean square distance from the minimum of SGD on x^2 / 2 with gradient noise of variance 1, at some steps. */
  function noisy(lr: number | ((step: number) => number), at: readonly number[]): number[] {
    const size = 20_000;
    const { params, x } = vector(size, 1);
    const sgd = new SGD(params, { lr });
    const random = new Random(1, "noise");
    const seen: number[] = [];
    for (let t = 1; t <= at.at(-1)!; t++) {
      // Uniform on [-sqrt 3, sqrt 3]: variance 1.
      setGradient(x, (values) => values.map((value) => value + Math.sqrt(12) * (random.uniform() - 0.5)));
      sgd.step();
      if (at.includes(t)) seen.push(x.data.reduce((sum, value) => sum + value * value, 0) / size);
    }
    return seen;
  }

  test("SGD with a constant step stalls at a floor proportional to the step", () => {
    const [large, larger] = noisy(0.2, [60, 120]) as [number, number];
    const [small] = noisy(0.1, [120]) as [number];
    // The stationary variance is lr / (2 - lr).
    expect(large / (0.2 / 1.8)).toBeCloseTo(1, 1);
    expect(larger / large).toBeCloseTo(1, 1);
    expect(small / (0.1 / 1.9)).toBeCloseTo(1, 1);
  });

  test("SGD with step (2k + 1) / (2 mu (k + 1)^2) goes on falling like 1 / k", () => {
    const [at30, at120] = noisy((k) => (2 * k + 1) / (2 * (k + 1) ** 2), [30, 120]) as [number, number];
    expect(at120 / at30).toBeGreaterThan(0.2);
    expect(at120 / at30).toBeLessThan(0.3);
  });

  /** The online problem of Reddi et al. (2018), Theorem 1: slopes C, -1, -1 in turn on [-1, 1], so -1 is best. */
  function reddi(amsgrad: boolean): number {
    const C = 4;
    const { params, x } = vector(1, 0);
    const adam = new Adam(params, {
      lr: (step) => 0.5 / Math.sqrt(step + 1),
      betas: [0, 1 / (1 + C * C)],
      eps: 0,
      biasCorrection: false,
      amsgrad,
    });
    for (let t = 0; t < 6000; t++) {
      x.grad[0] = t % 3 === 0 ? C : -1;
      adam.step();
      x.data[0] = Math.min(1, Math.max(-1, x.data[0]!));
    }
    return x.data[0]!;
  }

  test("Adam goes to the worst point of the Reddi et al. counter-example, AMSGrad to the best", () => {
    expect(reddi(false)).toBeGreaterThan(0.9);
    expect(reddi(true)).toBeLessThan(-0.9);
  });

  test("L2 in Adam and decoupled decay are different methods", () => {
    const [a, b] = [vector(5, 1), vector(5, 1)];
    const optimizers = [
      new Adam(a.params, { lr: 0.1, weightDecay: 0.1 }),
      new AdamW(b.params, { lr: 0.1, weightDecay: 0.1 }),
    ];
    for (let t = 0; t < 5; t++) {
      for (const { x } of [a, b]) x.grad.set([0.01, 0.1, 1, 10, 100]);
      for (const optimizer of optimizers) optimizer.step();
    }
    for (let i = 0; i < 5; i++) expect(Math.abs(a.x.data[i]! - b.x.data[i]!)).toBeGreaterThan(1e-3);
  });

  test("in plain SGD L2 and decoupled decay agree to the bit wherever nothing is rounded", () => {
    const [a, b] = [vector(4, 1), vector(4, 1)];
    const [l2, plain] = [new SGD(a.params, { lr: 0.25, weightDecay: 0.5 }), new SGD(b.params, { lr: 0.25 })];
    for (let t = 0; t < 5; t++) {
      for (const { x } of [a, b]) x.grad.set([0.5, -1, 2, 0.25]);
      rt.kernels.scale(b.x.value.pointer, b.x.value.pointer, 4, 1 - 0.25 * 0.5);
      l2.step();
      plain.step();
      expect([...a.x.data]).toEqual([...b.x.data]);
    }
  });
});

/** A budget of steps, and the options it is enough with; the rest are defaults. */
interface Budget {
  readonly steps: number;
  readonly [option: string]: unknown;
}

/** What each optimizer needs for the quadratic, Rosenbrock's valley and the logistic regression. */
const budgets = [
  [optim.AdaBelief, { steps: 500, lr: 0.03 }, { steps: 10000, lr: 0.003 }, { steps: 200, lr: 3 }],
  [optim.AdaBound, { steps: 200, lr: 1 }, { steps: 1000, lr: 1 }, { steps: 200, lr: 1 }],
  [optim.Adadelta, { steps: 200, lr: 10 }, { steps: 5000, lr: 1 }, { steps: 200, lr: 10 }],
  [optim.Adafactor, { steps: 100, lr: 10 }, { steps: 5000, lr: 0.03 }, { steps: 100, lr: 10 }],
  [optim.Adagrad, { steps: 100, lr: 1 }, { steps: 10000, lr: 1 }, { steps: 100, lr: 1 }],
  [optim.Adam, { steps: 200, lr: 1 }, { steps: 1000, lr: 1 }, { steps: 200, lr: 1 }],
  [optim.Adamax, { steps: 200, lr: 1 }, { steps: 2000, lr: 1 }, { steps: 200, lr: 1 }],
  [optim.AdamW, { steps: 200, lr: 10 }, { steps: 5000, lr: 0.1 }, { steps: 200, lr: 1 }],
  [optim.Adan, { steps: 100, lr: 1 }, { steps: 500, lr: 0.1 }, { steps: 100, lr: 1 }],
  [optim.AdEMAMix, { steps: 200, lr: 1 }, { steps: 1000, lr: 1 }, { steps: 200, lr: 1 }],
  [optim.AGD, { steps: 500, gain: 0.1 }, { steps: 5000, gain: 0.01 }, { steps: 100, gain: 0.1 }],
  [optim.ASGD, { steps: 1000, lr: 0.01 }, { steps: 10000, lr: 0.001 }, { steps: 100, lr: 0.3 }],
  [optim.LAMB, { steps: 100, lr: 3 }, { steps: 5000, lr: 0.01 }, { steps: 200, lr: 0.1 }],
  [optim.LARS, { steps: 500, lr: 10 }, { steps: 500, lr: 10 }, { steps: 200, lr: 10 }],
  [optim.Lion, { steps: 100, lr: 1 }, { steps: 500, lr: 0.03 }, { steps: 200, lr: 0.03 }],
  [optim.NAdam, { steps: 100, lr: 0.3 }, { steps: 2000, lr: 0.1 }, { steps: 100, lr: 3 }],
  [optim.NAGGS, { steps: 200, lr: 0.1 }, { steps: 500, lr: 0.03 }, { steps: 100, lr: 1 }],
  [optim.Prodigy, { steps: 200, lr: 10 }, { steps: 1000, lr: 0.3 }, { steps: 200, lr: 1 }],
  [optim.ProdigyDA, { steps: 500 }, { steps: 10000 }, { steps: 200 }],
  [optim.ProdigyGD, { steps: 500 }, { steps: 10000 }, { steps: 100 }],
  [optim.RAdam, { steps: 1000, lr: 0.03 }, { steps: 2000, lr: 0.003, betas: [0.9, 0.95] }, { steps: 200, lr: 3 }],
  [optim.RMSprop, { steps: 100, lr: 0.1 }, { steps: 5000, lr: 0.01 }, { steps: 100, lr: 0.1 }],
  [optim.Rprop, { steps: 100, lr: 1 }, { steps: 2000, lr: 0.03 }, { steps: 100, lr: 10 }],
  [optim.ScheduleFreeAdamW, { steps: 100, lr: 1 }, { steps: 5000, lr: 0.1 }, { steps: 100, lr: 3 }],
  [optim.ScheduleFreeRAdam, { steps: 100, lr: 10 }, { steps: 500, lr: 1 }, { steps: 100, lr: 10 }],
  [optim.ScheduleFreeSGD, { steps: 500, lr: 0.1 }, { steps: 5000, lr: 0.001 }, { steps: 100, lr: 3 }],
  [optim.SGD, { steps: 500, lr: 0.03 }, { steps: 5000, lr: 0.003 }, { steps: 100, lr: 1 }],
  [optim.Signum, { steps: 1000, lr: 0.003 }, { steps: 1000, lr: 0.01 }, { steps: 500, lr: 0.01 }],
  [optim.SophiaG, { steps: 200, lr: 10 }, { steps: 2000, lr: 0.01, rho: 1e-4 }, { steps: 500, lr: 10 }],
] as unknown as readonly (readonly [AnyOptimizer, Budget, Budget, Budget])[];

/** The excess at the point to evaluate at, after a run. */
function excessAfter(Optimizer: AnyOptimizer, problem: Problem, { steps, ...options }: Budget): number {
  const { spec } = Optimizer;
  const size = problem.start.length;
  const params = rt.parameters({ x: spec.shapes?.takes([size]) === false ? [size, 1] : [size] });
  const x = params.get("x");
  x.data.set(problem.start);
  // Whatever scales a step falls in a straight line to 0, unless iterates are averaged.
  const rate = Object.keys(options).find((key) => key === "lr" || key === "gain");
  const falling =
    rate && !spec.points ? schedules.linear({ start: options[rate] as number, end: 0, total: steps }) : undefined;
  const optimizer = new Optimizer(params, falling ? { ...options, [rate!]: falling } : options);
  for (let t = 0; t < steps; t++) {
    setGradient(x, problem.gradient);
    if (spec.updateHessian) optimizer.updateHessian();
    optimizer.step();
  }
  return optimizer.withEvalParams(() => problem.excess(x.data));
}

describe.each(budgets.map(([Optimizer, ...rest]) => ({ name: Optimizer.spec.name, Optimizer, rest })))(
  "$name",
  ({ Optimizer, rest: [forQuadratic, forRosenbrock, forLogistic] }) => {
    test(`comes within 1e-6 of the minimum of a quadratic of condition 100 in ${forQuadratic.steps} steps`, () => {
      expect(excessAfter(Optimizer, quadratic, forQuadratic)).toBeLessThanOrEqual(1e-6);
    });

    test(`comes within 1e-3 of the minimum of Rosenbrock's valley in ${forRosenbrock.steps} steps`, () => {
      expect(excessAfter(Optimizer, rosenbrock, forRosenbrock)).toBeLessThanOrEqual(1e-3);
    });

    test(`comes within 1e-6 of the minimum of a regularised logistic regression in ${forLogistic.steps} steps`, () => {
      expect(excessAfter(Optimizer, logistic, forLogistic)).toBeLessThanOrEqual(1e-6);
    });
  },
);

test("every optimizer of the package has its budgets here", () => {
  expect(budgets.map(([Optimizer]) => Optimizer)).toEqual(expect.arrayContaining([...optimizers]));
});
