/** Networks of layers: names, memory, gradients, and layers of one's own. */
import { describe, expect, test } from "vitest";
import { clipGradNorm } from "../../src/gradients/clip.ts";
import { workspaceBytes } from "../../src/kernels/bind.ts";
import { linalg } from "../../src/kernels/linalg.ts";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { tanh, tanhBackward } from "../../src/nn/functions/activation.ts";
import { linear, linearBackward } from "../../src/nn/functions/linear.ts";
import type { AnyLayer, Layer } from "../../src/nn/layer.ts";
import {
  CausalSelfAttention,
  Dropout,
  Embedding,
  GELU,
  Linear,
  Positions,
  ReLU,
  Residual,
  Sequential,
  Sigmoid,
  SiLU,
  Softmax,
  Tanh,
  TiedLinear,
} from "../../src/nn/layers/index.ts";
import { Network, plan } from "../../src/nn/network.ts";
import type { Pass } from "../../src/nn/pass.ts";
import { declarationsOf } from "../../src/nn/tree.ts";
import { AdamW } from "../../src/optim/adam.ts";
import type { Parameter } from "../../src/tensor/parameters.ts";
import { Random } from "../../src/tensor/random.ts";
import { load, type Runtime } from "../../src/tensor/runtime.ts";
import type { View } from "../../src/tensor/tensor.ts";
import { drawn, expectSame, relativeError } from "../support/differences.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];

/** y = s x for one trainable s: a layer as a user would write it. */
class Gain implements Layer {
  readonly parameters = {
    scale: { shape: [1], start: (value: View) => value.engine.unchecked.fill(value.pointer, 1, 2) },
  };

  forward(x: View, pass: Pass): View {
    const { scale } = pass.parameters(this);
    const y = pass.take(x.shape);
    if (!pass.dry) x.engine.unchecked.scale(x.pointer, y.pointer, x.size, scale!.data[0]!);
    pass.keep(x);
    return y;
  }

  backward(dy: View, pass: Pass, [x]: [View]): View {
    const { scale } = pass.parameters(this);
    const dx = pass.overwrite(dy);
    if (pass.dry) return dx;
    scale!.grad[0]! += x.engine.unchecked.dot(x.pointer, dy.pointer, x.size);
    x.engine.unchecked.scale(dy.pointer, dx.pointer, x.size, scale!.data[0]!);
    return dx;
  }
}

const [batch, context, channels, vocabulary] = [2, 6, 8, 11];

function gpt(blocks = 2, dropout = 0): AnyLayer {
  const tok = new Embedding(vocabulary, channels);
  const block = () =>
    new Sequential({
      attn: new Residual(new Sequential({ gain: new Gain(), "": new CausalSelfAttention(channels, 2) })),
      mlp: new Residual(
        new Sequential({
          fc: new Linear(channels, 4 * channels),
          act: new GELU(),
          proj: new Linear(4 * channels, channels),
          drop: new Dropout(dropout),
        }),
      ),
    });
  return new Sequential({
    tok,
    pos: new Positions(context, channels),
    blocks: new Sequential(Array.from({ length: blocks }, block)),
    head: new TiedLinear(tok),
  });
}

/** Indices, and the loss of a network on the ones after them. */
function task(network: Network, runtime: Runtime = rt) {
  const random = new Random(1, "task");
  const draw = (shape: number[]) => {
    const values = Array.from({ length: batch * context }, () => random.below(vocabulary));
    return runtime.tensor(shape, { type: "u32", values });
  };
  const [x, targets] = [draw([batch, context]), draw([batch * context])];
  const losses = runtime.tensor([batch * context]);
  const loss = (step = 0) => {
    const y = network.forward(x, { step });
    const logits = y.reshape([batch * context, vocabulary]);
    return { y, value: crossEntropy(logits, targets, { losses, gradient: logits }) };
  };
  const train = (step = 0) => {
    const { y, value } = loss(step);
    network.backward(y);
    return value;
  };
  return { x, loss, train };
}

test("names nest, roles and shapes are the layers', and a shared weight is there once", () => {
  const { parameters } = new Network(rt, gpt(1));
  expect([...parameters].map(({ name, shape, role }) => `${name} ${shape} ${role}`)).toEqual([
    "tok.weight 11,8 embedding",
    "pos.weight 6,8 embedding",
    "blocks.0.attn.gain.scale 1 bias",
    "blocks.0.attn.qkv.weight 24,8 hidden",
    "blocks.0.attn.qkv.bias 24 bias",
    "blocks.0.attn.proj.weight 8,8 hidden",
    "blocks.0.attn.proj.bias 8 bias",
    "blocks.0.mlp.fc.weight 32,8 hidden",
    "blocks.0.mlp.fc.bias 32 bias",
    "blocks.0.mlp.proj.weight 8,32 hidden",
    "blocks.0.mlp.proj.bias 8 bias",
  ]);
});

test("initial values depend on seed and name, not on what else there is", () => {
  const [one, two, other] = [
    new Network(rt, gpt(1), { seed: 3 }),
    new Network(rt, gpt(2), { seed: 3 }),
    new Network(rt, gpt(1), { seed: 4 }),
  ];
  const name = "blocks.0.mlp.fc.weight";
  const values = one.parameters.get(name).data;
  expectSame(values, two.parameters.get(name).data);
  expect([...values]).not.toEqual([...other.parameters.get(name).data]);
  const bound = 1 / Math.sqrt(channels);
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
  expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.9 * bound);
  expect(one.parameters.get("blocks.0.attn.gain.scale").data[0]).toBe(2);
  expect(one.parameters.get("blocks.0.attn.qkv.bias").data.every((x) => x === 0)).toBe(true);
});

test("a network does what its functions do, to the bit", () => {
  const network = new Network(rt, new Sequential([new Linear(5, 7), new Tanh(), new Linear(7, 3)]), { seed: 1 });
  const [x, dy] = [drawn(rt, [4, 5], "x"), drawn(rt, [4, 3], "dy")];
  const [h, y, dh] = [rt.tensor([4, 7]), rt.tensor([4, 3]), rt.tensor([4, 7])];
  const [w0, b0, w1, b1] = [...network.parameters] as [Parameter, Parameter, Parameter, Parameter];
  linear(x, w0.value, b0.value, h);
  tanh(h, h);
  linear(h, w1.value, b1.value, y);
  const gradients = [w0, b0, w1, b1].map(({ shape }) => rt.tensor(shape));
  linearBackward(h, w1.value, dy, { dx: dh, dWeight: gradients[2]!, dBias: gradients[3]! });
  tanhBackward(h, dh, dh);
  const dx = rt.tensor([4, 5]);
  linearBackward(x, w0.value, dh, { dx, dWeight: gradients[0]!, dBias: gradients[1]! });
  expectSame(network.forward(x, { inputGradient: true }).data, y.data);
  expectSame(network.backward(dy)!.data, dx.data);
  for (const [i, { name, grad }] of [...network.parameters].entries()) expectSame(grad, gradients[i]!.data, name);
  network.forward(x);
  expect(network.backward(dy)).toBeUndefined();
  for (const [i, { name, grad }] of [...network.parameters].entries()) {
    expectSame(
      grad,
      gradients[i]!.data.map((g) => 2 * g),
      `${name}, added twice`,
    );
  }
});

test("the gradients of a transformer agree with central differences within 3e-3 of the largest", () => {
  const network = new Network(rt, gpt(), { seed: 2 });
  // Attention that is not uniform, so that every path counts.
  for (const { name, value } of network.parameters) {
    const factor = name.includes("attn") ? 10 : name.startsWith("tok") ? 0.3 : 1;
    value.engine.unchecked.scale(value.pointer, value.pointer, value.size, factor);
  }
  const { loss, train } = task(network);
  network.parameters.zeroGrad();
  train();
  // The loss is a float32 of about 3: two of its roundings over 2 h are 2e-4.
  const h = 2 ** -9;
  for (const { name, data, grad } of network.parameters) {
    const largest = Math.max(...grad.map(Math.abs));
    expect(largest, name).toBeGreaterThan(1e-4);
    for (let i = 0; i < data.length; i += Math.ceil(data.length / 12)) {
      const at = (value: number) => {
        data[i] = value;
        return loss().value;
      };
      const kept = data[i]!;
      const difference = (at(kept + h) - at(kept - h)) / (2 * h);
      data[i] = kept;
      expect(Math.abs(grad[i]! - difference), `${name}[${i}]`).toBeLessThanOrEqual(3e-3 * largest + 5e-4);
    }
  }
});

test("backends agree to the bit after steps with dropout, clipping and an optimizer", () => {
  const results = runtimes.map((runtime) => {
    const network = new Network(runtime, gpt(2, 0.2), { seed: 5 });
    const { train } = task(network, runtime);
    const optimizer = new AdamW(network.parameters, { lr: 0.01 });
    const losses = Array.from({ length: 3 }, (_, step) => {
      network.parameters.zeroGrad();
      const value = train(step);
      clipGradNorm(network.parameters, 1);
      optimizer.step();
      return value;
    });
    return { losses, bits: [...network.parameters].flatMap(({ data }) => [...bitsOf(data)]) };
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  expect(results[0]!.losses[2]).toBeLessThan(results[0]!.losses[0]!);
});

describe("memory", () => {
  test("is what the plan says, and nothing is allocated by planning or by later passes", async () => {
    const [runtime] = await loadAll();
    const before = runtime!.heap.used;
    const root = gpt(3, 0.1);
    const planned = plan(root, { shape: [batch, context], type: "u32" });
    expect(runtime!.heap.used).toBe(before);
    const network = new Network(runtime!, root);
    const { train } = task(network, runtime!);
    const others = runtime!.heap.used - before - network.parameters.bytes;
    train();
    const after = runtime!.heap.used;
    expect(network.peak).toBe(planned.activations);
    expect(network.bytes).toBe(planned.activations);
    expect(planned.parameters).toBe(network.parameters.bytes);
    const measured = after - before - others;
    const predicted = planned.parameters + planned.activations + planned.workspace;
    expect(Math.abs(measured - predicted)).toBeLessThanOrEqual(0.01 * predicted);
    train();
    expect(runtime!.heap.used).toBe(after);
    expect(planned.output).toEqual([batch, context, vocabulary]);
  });

  test("each layer says what it keeps", () => {
    const row = 4 * batch * context;
    const { kept } = plan(gpt(1), { shape: [batch, context], type: "u32" });
    expect(kept).toEqual({
      // The input of the gain is kept for it; attention keeps what the gain made, 3 + 1 times that, and its statistics.
      "blocks.0.attn.gain": row * channels,
      "blocks.0.attn": row * channels * 5 + row * 2 * 2,
      "blocks.0.mlp.fc": row * channels,
      "blocks.0.mlp.act": row * channels * 4,
      "blocks.0.mlp.proj": row * channels * 4,
      head: row * channels,
    });
  });

  test("evaluation keeps nothing and takes less, and smaller inputs take less", () => {
    const whole = { shape: [batch, context], type: "u32" } as const;
    const training = plan(gpt(), whole).activations;
    expect(plan(gpt(), whole, { training: false }).activations).toBeLessThan(training / 2);
    expect(plan(gpt(), whole, { training: false }).kept).toEqual({});
    expect(plan(gpt(), { ...whole, shape: [1, context] }).activations).toBeLessThan(training);
    expect(plan(gpt(), whole, { training: false, gradients: true }).activations).toBe(training);
  });

  test("reserved for the largest pass is there for all others", async () => {
    const [runtime] = await loadAll();
    const network = new Network(runtime!, gpt());
    const { x } = task(network, runtime!);
    network.reserve({ shape: [batch, context], type: "u32" });
    const { bytes } = network;
    expect(bytes).toBe(network.plan(x).activations);
    network.forward(x, { training: false });
    const { used } = runtime!.heap;
    network.backward(network.forward(x));
    expect([network.bytes, runtime!.heap.used]).toEqual([bytes, used]);
    expect(() => network.reserve({ shape: [0] })).toThrow("shape: got [0]");
  });

  test("a network that is collected gives everything back", async () => {
    const collect = (globalThis as { gc?: () => void }).gc;
    if (!collect) throw new Error("run with --expose-gc: vitest.config.ts does");
    const runtime = await load();
    for (let i = 0; i < 20; i++) new Network(runtime, new Linear(30, 20)).forward(runtime.tensor([40, 30]));
    for (let i = 0; i < 20 && runtime.heap.used > workspaceBytes(linalg.table.gemm, {}) + 20_000; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // What is left is the workspace of the matrix product.
    expect(runtime.heap.used).toBeLessThan(workspaceBytes(linalg.table.gemm, {}) + 20_000);
  });

  test("dispose gives everything back, parameters that were given excepted", async () => {
    const [runtime] = await loadAll();
    const own = new Network(runtime!, new Linear(3, 2));
    own.forward(runtime!.tensor([4, 3]));
    own.dispose();
    expect(() => own.parameters.get("weight").data).toThrow("disposed");
    const parameters = runtime!.parameters({ weight: [2, 3], bias: [2], other: [5] });
    const given = new Network(runtime!, new Linear(3, 2), { parameters });
    expect(given.parameters).toBe(parameters);
    expect(parameters.get("weight").data.every((x) => x === 0)).toBe(true);
    given.dispose();
    expect(parameters.get("weight").data[0]).toBe(0);
  });
});

/** For networks that have none: what they do not name is left alone. */
const parameters = rt.parameters({ unused: [1] });

test("dropout differs by step, repeats within one, and is off in evaluation", () => {
  const network = new Network(rt, new Sequential([new Dropout(0.5), new Dropout(0.5)]), { seed: 1, parameters });
  const x = rt.tensor([100]);
  x.data.fill(1);
  const output = (options: object) => [...network.forward(x, options).data];
  const first = output({ step: 1 });
  expect(new Set(first)).toEqual(new Set([0, 4]));
  expect(output({ step: 1 })).toEqual(first);
  expect(output({ step: 2 })).not.toEqual(first);
  expect(output({ training: false }).every((v) => v === 1)).toBe(true);
  expect(x.data.every((v) => v === 1)).toBe(true);
});

test.each<[string, () => AnyLayer]>([
  ["ReLU", () => new ReLU()],
  ["GELU", () => new GELU({ approximate: "tanh" })],
  ["SiLU", () => new SiLU()],
  ["Sigmoid", () => new Sigmoid()],
  ["Tanh", () => new Tanh()],
  ["Softmax", () => new Softmax()],
  ["Linear without bias", () => new Linear(6, 6, { bias: false })],
  ["Residual of an activation", () => new Residual(new Tanh())],
  ["Residual of nothing", () => new Residual(new Dropout(0))],
  ["Residual of a Residual", () => new Residual(new Residual(new SiLU()))],
  [
    "two Residuals and activations that overwrite",
    () =>
      new Sequential([
        new Linear(6, 6),
        new ReLU(),
        new Residual(new Sequential([new ReLU(), new Tanh()])),
        new Tanh(),
      ]),
  ],
])("the gradient through %s agrees with central differences", (_, make) => {
  const network = new Network(rt, make(), Object.keys(declarationsOf(make())).length > 0 ? {} : { parameters });
  const [x, dy] = [drawn(rt, [3, 6], "x"), drawn(rt, [3, 6], "dy")];
  const kept = x.data.slice();
  network.forward(x, { inputGradient: true });
  const dx = network.backward(dy)!.data.slice();
  expectSame(x.data, kept);
  const h = 2 ** -9;
  const value = () => network.forward(x).data.reduce((sum, y, i) => sum + y * dy.data[i]!, 0);
  const truth = Array.from(kept, (v, i) => {
    x.data[i] = v + h;
    const above = value();
    x.data[i] = v - h;
    const below = value();
    x.data[i] = v;
    return (above - below) / (2 * h);
  });
  expect(relativeError(dx, truth)).toBeLessThan(2e-3);
});

describe("mistakes are named", () => {
  const network = new Network(rt, new Sequential([new Linear(3, 2), new Softmax()]));
  const x = rt.tensor([4, 3]);

  test("in options, shapes and order", () => {
    expect(() => network.backward(x)).toThrow('backward: got "no recorded pass"');
    expect(() => network.forward(x, { trainig: true } as object)).toThrow("pass.trainig");
    expect(() => network.forward(x, { step: 0.5 })).toThrow("step: got 0.5");
    expect(() => network.forward(rt.tensor([4, 2]))).toThrow(
      "x: got [4, 2], expected rows of 3 elements, as weight has",
    );
    expect(() => network.forward(runtimes[1]!.tensor([4, 3]))).toThrow("tensor of another runtime");
    network.forward(x, { training: false });
    expect(() => network.backward(x)).toThrow("expected a forward pass with gradients before it");
    const y = network.forward(x);
    expect(() => network.backward(x)).toThrow("dy: got [4, 3], expected a f32 tensor of shape [4, 2]");
    expect(() => network.backward(y)).toThrow(
      'dy: got "the output", expected another tensor, since the last layer still',
    );
  });

  test("in layers and parameters", () => {
    expect(() => new Network(rt, new ReLU())).toThrow("expected at least one with parameters");
    expect(() => new Sequential([])).toThrow("layers: got [], expected at least one layer");
    expect(() => new Linear(0, 2)).toThrow("inputs: got 0");
    expect(() => new Linear(1, 2, { biases: true } as object)).toThrow("Linear.biases");
    expect(() => new CausalSelfAttention(10, 3)).toThrow("channels: got 10, expected a multiple of the 3 heads");
    expect(() => new Dropout(1)).toThrow("p: got 1");
    const clash = new Sequential({ "a.b": new Linear(1, 1), a: new Sequential({ b: new Linear(1, 1) }) });
    expect(() => new Network(rt, clash)).toThrow('layers: got "a.b.weight", expected each parameter name once');
    const parameters = rt.parameters({ weight: [2, 2], bias: [2] });
    expect(() => new Network(rt, new Linear(3, 2), { parameters })).toThrow(
      "weight: got [2, 2], expected shape [2, 3]",
    );
    expect(() => new Network(rt, new Linear(3, 2, { bias: false }), { seed: -1 })).toThrow("seed: got -1");
    const stranger = new Network(rt, new TiedLinear(new Embedding(3, 3)), { parameters });
    expect(() => stranger.forward(x)).toThrow("expected a layer of this network");
  });

  test("a layer that releases too little is found before anything runs", () => {
    const leak: Layer = {
      forward: (x, pass) => {
        pass.take([5]);
        pass.keep(x);
        return pass.take(x.shape);
      },
      backward: (dy) => dy,
    };
    const leaky = new Network(rt, new Sequential([new Linear(3, 2), leak]));
    expect(() => leaky.forward(x)).toThrow('layers: got "1 tensors", expected all that was taken released');
  });
});
