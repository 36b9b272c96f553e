/** Normalisation layers: torch's results, float64 at large offsets, central differences, and what is refused. */
import { describe, expect, test } from "vitest";
import { batchNorm, batchNormBackward } from "../../../src/nn/functions/batchNorm.ts";
import { groupNorm, groupNormBackward } from "../../../src/nn/functions/groupNorm.ts";
import { instanceNorm, instanceNormBackward } from "../../../src/nn/functions/instanceNorm.ts";
import { layerNorm, layerNormBackward } from "../../../src/nn/functions/layerNorm.ts";
import { rmsNorm, rmsNormBackward } from "../../../src/nn/functions/rmsNorm.ts";
import type { NormGradients, RunningStatistics } from "../../../src/nn/normalization.ts";
import { normal } from "../../../src/tensor/random.ts";
import type { Runtime } from "../../../src/tensor/runtime.ts";
import type { View } from "../../../src/tensor/tensor.ts";
import { centralDifferences, relativeError } from "../../support/differences.ts";
import { goldenCases, numbers, shareOfTolerance } from "../../support/golden.ts";
import { bitsOf, loadAll } from "../../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];

/** A layer with its options given: what a case or a test runs, whatever the kind. */
interface Norm {
  /** The shape of weight and bias. */
  readonly parameters: readonly number[];
  readonly saved: readonly number[];
  forward(x: View, weight: View | null, bias: View | null, y: View, saved: View): void;
  backward(x: View, weight: View | null, saved: View, dy: View, gradients: NormGradients): void;
}

type Kind = "batch_norm" | "layer_norm" | "instance_norm" | "group_norm" | "rms_norm";

interface Config {
  readonly layer: Kind;
  readonly eps?: number;
  readonly training?: boolean;
  readonly momentum?: number | null;
  readonly num_groups?: number;
  readonly normalized_shape?: readonly number[];
}

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

function normOf(config: Config, shape: readonly number[], running: RunningStatistics | null): Norm {
  const { layer, training = true, momentum = 0.1, eps = 1e-5, num_groups: numGroups = 1 } = config;
  const [batch, channels] = shape as [number, number];
  const normalizedShape = config.normalized_shape ?? shape.slice(-1);
  const rows = product(shape) / product(normalizedShape);
  switch (layer) {
    case "batch_norm":
      return {
        parameters: [channels],
        saved: [3, channels],
        forward: (x, w, b, y, saved) => batchNorm(x, w, b, running, y, saved, { training, momentum, eps }),
        backward: (x, w, saved, dy, gradients) => batchNormBackward(x, w, saved, dy, gradients, { training }),
      };
    case "instance_norm":
      return {
        parameters: [channels],
        saved: [3, training ? batch * channels : channels],
        forward: (x, w, b, y, saved) => instanceNorm(x, w, b, running, y, saved, { training, momentum, eps }),
        backward: (x, w, saved, dy, gradients) => instanceNormBackward(x, w, saved, dy, gradients, { training }),
      };
    case "group_norm":
      return {
        parameters: [channels],
        saved: [3, batch * numGroups],
        forward: (x, w, b, y, saved) => groupNorm(x, numGroups, w, b, y, saved, { eps }),
        backward: (x, w, saved, dy, gradients) => groupNormBackward(x, numGroups, w, saved, dy, gradients),
      };
    case "layer_norm":
      return {
        parameters: normalizedShape,
        saved: [3, rows],
        forward: (x, w, b, y, saved) => layerNorm(x, w, b, y, saved, { normalizedShape, eps }),
        backward: (x, w, saved, dy, gradients) => layerNormBackward(x, w, saved, dy, gradients, { normalizedShape }),
      };
    case "rms_norm":
      return {
        parameters: normalizedShape,
        saved: [rows],
        forward: (x, w, _b, y, saved) => rmsNorm(x, w, y, saved, { normalizedShape, eps }),
        backward: (x, w, saved, dy, gradients) => rmsNormBackward(x, w, saved, dy, gradients, { normalizedShape }),
      };
  }
}

interface Inputs {
  readonly x: ArrayLike<number>;
  readonly dy: ArrayLike<number>;
  readonly weight: ArrayLike<number> | undefined;
  readonly bias: ArrayLike<number> | undefined;
  readonly runningMean?: ArrayLike<number> | undefined;
  readonly runningVariance?: ArrayLike<number> | undefined;
}

/** Forward and backward on one backend: every result by its name in the reference data. */
function run(runtime: Runtime, config: Config, shape: readonly number[], inputs: Inputs): Record<string, Float32Array> {
  const { x, dy, weight, bias, runningMean, runningVariance } = inputs;
  const tensor = (sizes: readonly number[], values?: ArrayLike<number>) =>
    runtime.tensor(sizes, values ? { values } : {});
  const channels = [shape[1]!];
  const running = runningMean
    ? { mean: tensor(channels, runningMean), variance: tensor(channels, runningVariance), batches: 0 }
    : null;
  const norm = normOf(config, shape, running);
  const [w, b] = [weight, bias].map((values) => (values ? tensor(norm.parameters, values) : null));
  const [input, upstream, y, saved] = [tensor(shape, x), tensor(shape, dy), tensor(shape), tensor(norm.saved)];
  norm.forward(input, w!, b!, y, saved);
  const dx = tensor(shape);
  const gradients: Required<NormGradients> = { dx, dWeight: tensor(norm.parameters), dBias: tensor(norm.parameters) };
  const { dBias, ...others } = gradients;
  norm.backward(input, w!, saved, upstream, config.layer === "rms_norm" ? others : gradients);
  return {
    ...{ y: y.data.slice(), dx: dx.data.slice() },
    ...{ dgamma: gradients.dWeight.data.slice(), dbeta: dBias.data.slice() },
    ...(running && {
      running_mean_after: running.mean.data.slice(),
      running_var_after: running.variance.data.slice(),
    }),
  };
}

interface NormCase extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly config: Config;
  readonly x_shape: number[];
}

const cases = goldenCases<NormCase>("norms/norms");
const [cumulative] = cases.filter(({ batches }) => batches);

describe.each(cases.filter(({ batches }) => !batches))("$name, recorded", (golden) => {
  const read = (key: string) => (golden[key] ? numbers(golden[key] as number[]) : undefined);
  const inputs: Inputs = {
    ...{ x: read("x")!, dy: read("dy")!, weight: read("gamma"), bias: read("beta") },
    ...{ runningMean: read("running_mean"), runningVariance: read("running_var") },
  };

  test("is met within rule R, with the same bits on every backend", () => {
    const results = runtimes.map((runtime) => run(runtime, golden.config, golden.x_shape, inputs));
    for (const [key, ours] of Object.entries(results[0]!)) {
      for (const other of results) expect(bitsOf(other[key]!), key).toEqual(bitsOf(ours));
      const truth = read(key);
      if (!truth) continue;
      expect(shareOfTolerance(ours, truth, read(`${key}32`)!, []).R, key).toBeLessThanOrEqual(1);
    }
  });
});

test.each(runtimes)("momentum null averages the statistics of all batches, on $backend", (runtime) => {
  const { batches, running_after, x_shape, config } = cumulative as unknown as {
    batches: number[][];
    running_after: { running_mean: number[]; running_var: number[] }[];
    x_shape: number[];
    config: Config;
  };
  const channels = x_shape[1]!;
  const [mean, variance] = [runtime.tensor([channels]), runtime.tensor([channels])];
  variance.data.fill(1);
  const running: RunningStatistics = { mean, variance, batches: 0 };
  const norm = normOf(config, x_shape, running);
  for (const [i, batch] of batches.entries()) {
    norm.forward(
      runtime.tensor(x_shape, { values: batch }),
      null,
      null,
      runtime.tensor(x_shape),
      runtime.tensor(norm.saved),
    );
    expect(running.batches).toBe(i + 1);
    // Each batch rounds once: 2^-24 of the largest each time.
    for (const [ours, truth] of [
      [mean.data, running_after[i]!.running_mean],
      [variance.data, running_after[i]!.running_var],
    ] as const) {
      const most = Math.max(...truth.map(Math.abs));
      for (const [c, value] of truth.entries())
        expect(Math.abs(ours[c]! - value)).toBeLessThan((i + 2) * 2 ** -24 * most);
    }
  }
});

/** The same in float64: y, given the group of each element for statistics and its parameter for weight and bias. */
function oracle(config: Config, shape: readonly number[], { weight, bias, runningMean, runningVariance }: Inputs) {
  const { layer, eps = 1e-5, num_groups: groups = 1, training = true } = config;
  const [, channels] = shape as [number, number];
  const width = product(shape.slice(2));
  const columns = product(config.normalized_shape ?? shape.slice(-1));
  const byRows = layer === "layer_norm" || layer === "rms_norm";
  const parameterOf = (i: number) => (byRows ? i % columns : Math.floor(i / width) % channels);
  const groupOf = (i: number) => {
    if (byRows) return Math.floor(i / columns);
    if (layer === "batch_norm") return parameterOf(i);
    return Math.floor(i / (layer === "instance_norm" ? width : (channels / groups) * width));
  };
  return (x: ArrayLike<number>): number[] => {
    const members = new Map<number, number[]>();
    Array.from(x, (value, i) => members.set(groupOf(i), [...(members.get(groupOf(i)) ?? []), value]));
    const statistics = new Map(
      [...members].map(([group, values]) => {
        if (!training) return [group, [runningMean![group % channels]!, runningVariance![group % channels]!] as const];
        const sum = values.reduce((a, b) => a + b, 0);
        const mean = layer === "rms_norm" ? 0 : sum / values.length;
        return [group, [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length] as const];
      }),
    );
    return Array.from(x, (value, i) => {
      const [mean, variance] = statistics.get(groupOf(i))!;
      const at = parameterOf(i);
      return ((value - mean) / Math.sqrt(variance + eps)) * (weight?.[at] ?? 1) + (bias?.[at] ?? 0);
    });
  };
}

const draw = (n: number, name: string, mean = 0, deviation = 1) => {
  const tensor = rt.tensor([n]);
  normal(tensor, { seed: 5, name, mean, deviation });
  return tensor.data.slice();
};

/** Away from the defaults: trailing axes, groups, widths of one, long rows, large eps, evaluation. */
const configurations: readonly { config: Config; shape: readonly number[] }[] = [
  { config: { layer: "batch_norm", eps: 0.1 }, shape: [5, 7] },
  { config: { layer: "batch_norm", eps: 0.01 }, shape: [2, 3, 2, 4] },
  { config: { layer: "batch_norm", training: false, eps: 0.1 }, shape: [4, 6] },
  { config: { layer: "batch_norm", training: false }, shape: [2, 3, 5] },
  { config: { layer: "instance_norm", eps: 0.1 }, shape: [2, 3, 3, 2] },
  { config: { layer: "instance_norm", training: false }, shape: [2, 3, 5] },
  { config: { layer: "group_norm", num_groups: 2, eps: 0.1 }, shape: [3, 4, 5] },
  { config: { layer: "group_norm", num_groups: 3, eps: 0.1 }, shape: [2, 12] },
  { config: { layer: "layer_norm", normalized_shape: [3, 4], eps: 0.1 }, shape: [2, 3, 4] },
  { config: { layer: "layer_norm", normalized_shape: [4] }, shape: [2, 3, 4] },
  { config: { layer: "rms_norm", normalized_shape: [3, 4], eps: 0.1 }, shape: [2, 3, 4] },
];

function inputsFor({ layer, training = true, normalized_shape: trailing }: Config, shape: readonly number[]): Inputs {
  const parameters = layer === "layer_norm" || layer === "rms_norm" ? product(trailing!) : shape[1]!;
  return {
    ...{ x: draw(product(shape), "x", 0.5), dy: draw(product(shape), "dy"), weight: draw(parameters, "w", 1) },
    bias: layer === "rms_norm" ? undefined : draw(parameters, "b"),
    runningMean: training ? undefined : draw(shape[1]!, "mean"),
    runningVariance: training ? undefined : draw(shape[1]!, "variance").map((v) => 0.5 + v * v),
  };
}

describe.each(configurations)("$config over $shape", ({ config, shape }) => {
  const inputs = inputsFor(config, shape);
  const { x, dy, weight, bias } = inputs;
  const ours = run(rt, config, shape, inputs);

  test("agrees with float64, and its gradients with central differences", () => {
    const weighed = (given: Inputs) => (values: ArrayLike<number>) =>
      oracle(config, shape, given)(values).reduce((sum, y, i) => sum + y * dy[i]!, 0);
    expect(relativeError(ours["y"]!, oracle(config, shape, inputs)(x))).toBeLessThan(8 * 2 ** -24);
    expect(relativeError(ours["dx"]!, centralDifferences(x, weighed(inputs)))).toBeLessThan(1e-6);
    const ofWeight = centralDifferences(weight!, (w) => weighed({ ...inputs, weight: w })(x));
    expect(relativeError(ours["dgamma"]!, ofWeight)).toBeLessThan(1e-6);
    if (!bias) return;
    const ofBias = centralDifferences(bias, (b) => weighed({ ...inputs, bias: b })(x));
    expect(relativeError(ours["dbeta"]!, ofBias)).toBeLessThan(1e-6);
  });

  test("works in place, adds to the gradients of its parameters, and leaves out what is left out", () => {
    const { runningMean, runningVariance } = inputs;
    const tensor = (sizes: readonly number[], values: ArrayLike<number>) => rt.tensor(sizes, { values });
    const running = runningMean && {
      mean: tensor([shape[1]!], runningMean),
      variance: tensor([shape[1]!], runningVariance!),
      batches: 0,
    };
    const norm = normOf(config, shape, running ?? null);
    const [input, saved, upstream] = [tensor(shape, x), rt.tensor(norm.saved), tensor(shape, dy)];
    const [w, b] = [tensor(norm.parameters, weight!), tensor(norm.parameters, bias ?? weight!)];
    const inPlace = tensor(shape, x);
    norm.forward(inPlace, w, b, inPlace, saved);
    expect(bitsOf(inPlace.data)).toEqual(bitsOf(ours["y"]!));
    const dWeight = rt.tensor(norm.parameters);
    dWeight.data.fill(2);
    norm.backward(input, w, saved, upstream, { dWeight });
    expect(
      relativeError(
        dWeight.data,
        Array.from(ours["dgamma"]!, (g) => 2 + g),
      ),
    ).toBeLessThan(2 ** -23);
    expect(upstream.data).toEqual(Float32Array.from(dy));
    norm.backward(input, w, saved, upstream, { dx: upstream });
    expect(bitsOf(upstream.data)).toEqual(bitsOf(ours["dx"]!));
  });

  test("gives the same bits on every backend", () => {
    for (const runtime of runtimes) {
      const theirs = run(runtime, config, shape, inputs);
      for (const [key, values] of Object.entries(ours)) expect(bitsOf(theirs[key]!), key).toEqual(bitsOf(values));
    }
  });
});

/** Deviation 1 about means that take up to 20 of the 24 bits: all that is lost is what float32 lost of x. */
describe.each([1e4, 1e5, 1e6])("about a mean of %d", (mean) => {
  test.each([
    { config: { layer: "layer_norm", normalized_shape: [300] } as Config, shape: [6, 300] },
    { config: { layer: "batch_norm" } as Config, shape: [300, 5] },
    { config: { layer: "batch_norm" } as Config, shape: [4, 5, 33] },
    { config: { layer: "instance_norm" } as Config, shape: [2, 3, 11, 13] },
    { config: { layer: "group_norm", num_groups: 3 } as Config, shape: [2, 6, 50] },
    { config: { layer: "group_norm", num_groups: 3 } as Config, shape: [4, 150] },
  ])("$config.layer over $shape loses nothing", ({ config, shape }) => {
    const n = product(shape);
    const inputs = { x: draw(n, "far", mean), dy: draw(n, "dy"), weight: undefined, bias: undefined };
    const ours = run(rt, config, shape, inputs);
    const exact = oracle(config, shape, inputs);
    expect(relativeError(ours["y"]!, exact(inputs.x))).toBeLessThan(4 * 2 ** -24);
    const [at, by] = [7, 2 ** -4];
    const objective = (sign: number) => {
      const moved = Array.from(inputs.x, (value, i) => (i === at ? value + sign * by : value));
      return exact(moved).reduce((sum, y, i) => sum + y * inputs.dy[i]!, 0);
    };
    // The third derivative of y is of the order of 1: by^2 / 6 of it is what the difference leaves out.
    expect(Math.abs(ours["dx"]![at]! - (objective(1) - objective(-1)) / (2 * by))).toBeLessThan(by * by);
  });
});

test("sums about a first value far from all others lose nothing either", () => {
  const shape = [2, 500];
  const x = draw(1000, "outlier");
  for (const row of [0, 500]) x[row] = 1e6;
  const inputs = { x, dy: draw(1000, "dy"), weight: undefined, bias: undefined };
  for (const config of [
    { layer: "layer_norm", normalized_shape: [500] },
    { layer: "batch_norm" },
    { layer: "group_norm", num_groups: 1 },
  ] as const) {
    const over = config.layer === "layer_norm" ? shape : [2, 1, 500];
    expect(relativeError(run(rt, config, over, inputs)["y"]!, oracle(config, over, inputs)(x))).toBeLessThan(
      4 * 2 ** -24,
    );
  }
});

test("RMS norm has torch's eps where none is given", () => {
  const x = rt.tensor([1, 4], { values: [1e-4, -2e-4, 3e-4, 0] });
  const [y, saved] = [rt.tensor([1, 4]), rt.tensor([1])];
  rmsNorm(x, null, y, saved);
  expect(saved.data[0]! * Math.sqrt(14e-8 / 4 + 1.1920929e-7)).toBeCloseTo(1, 6);
});

describe("what does not fit is refused before anything is written", () => {
  const [x, y] = [rt.tensor([4, 6, 3]), rt.tensor([4, 6, 3])];
  const channel = rt.tensor([6]);
  const running = { mean: rt.tensor([6]), variance: rt.tensor([6]), batches: 0 };
  y.data.fill(7);

  test.each([
    [
      "x: got [4, 6], expected a f32 tensor of shape [4, 6, 3]",
      () => layerNorm(rt.tensor([4, 6]), null, null, y, channel),
    ],
    ["saved: got [6], expected a f32 tensor of shape [3, 24]", () => layerNorm(x, null, null, y, channel)],
    ["saved: got [6], expected a f32 tensor of shape [24]", () => rmsNorm(x, null, y, channel)],
    ["saved: got [6], expected a f32 tensor of shape [3, 6]", () => batchNorm(x, null, null, null, y, channel)],
    ["saved: got [6], expected a f32 tensor of shape [3, 24]", () => instanceNorm(x, null, null, null, y, channel)],
    ["saved: got [6], expected a f32 tensor of shape [3, 8]", () => groupNorm(x, 2, null, null, y, channel)],
    ["x: got [4, 6, 3], expected a shape that ends in [6]", () => layerNorm(x, channel, null, y, rt.tensor([3, 24]))],
    ["bias: got [6], expected a f32 tensor of shape [3]", () => layerNorm(x, null, channel, y, rt.tensor([3, 24]))],
    ["numGroups: got 4, expected a divisor of the 6 channels", () => groupNorm(x, 4, null, null, y, channel)],
    ["numGroups: got 0, expected a whole number", () => groupNorm(x, 0, null, null, y, channel)],
    ["eps: got -1", () => rmsNorm(x, null, y, rt.tensor([24]), { eps: -1 })],
    ["momentum: got 2", () => batchNorm(x, null, null, running, y, rt.tensor([3, 6]), { momentum: 2 })],
    [
      "layerNorm.epsilon",
      () => layerNorm(x, null, null, y, rt.tensor([3, 24]), { epsilon: 1 } as unknown as { eps: number }),
    ],
    ["running.batches: got -1", () => batchNorm(x, null, null, { ...running, batches: -1 }, y, rt.tensor([3, 6]))],
    [
      "running.mean: got [4]",
      () => batchNorm(x, null, null, { ...running, mean: rt.tensor([4]) }, y, rt.tensor([3, 6])),
    ],
    [
      "more than one value for each channel when training",
      () => batchNorm(rt.tensor([1, 6]), null, null, null, rt.tensor([1, 6]), rt.tensor([3, 6])),
    ],
    [
      "x: got [4, 6, 1], expected more than one position",
      () => instanceNorm(rt.tensor([4, 6, 1]), null, null, null, rt.tensor([4, 6, 1]), rt.tensor([3, 24])),
    ],
    ["dx: got [6]", () => batchNormBackward(x, null, rt.tensor([3, 6]), y, { dx: channel })],
    ["dWeight: got [6]", () => layerNormBackward(x, null, rt.tensor([3, 24]), y, { dWeight: channel })],
    ["dWeight: got [6]", () => rmsNormBackward(x, null, rt.tensor([24]), y, { dWeight: channel })],
    ["dy: got [6]", () => instanceNormBackward(x, null, rt.tensor([3, 24]), channel, {})],
    ["numGroups: got 5", () => groupNormBackward(x, 5, null, rt.tensor([3, 24]), y, {})],
  ])("%s", (message, call) => {
    expect(call).toThrow(message);
    expect(y.data.every((value) => value === 7)).toBe(true);
    expect(running.batches).toBe(0);
  });
});
