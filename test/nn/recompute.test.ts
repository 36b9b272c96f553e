/** Recomputed segments: the same bits for less memory. */
import { describe, expect, test } from "vitest";
import type { AnyLayer } from "../../src/nn/layer.ts";
import {
  CausalSelfAttention,
  checkpoint,
  Dropout,
  Embedding,
  GELU,
  Linear,
  Recompute,
  Residual,
  Sequential,
} from "../../src/nn/layers/index.ts";
import { Network, plan } from "../../src/nn/network.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { drawn, expectSame } from "../support/differences.ts";
import { loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [Runtime];
const CHANNELS = 16;
const SHAPE = [2, 8, CHANNELS];

function block(): AnyLayer {
  return new Sequential([
    new Residual(new CausalSelfAttention(CHANNELS, 2)),
    new Residual(
      new Sequential([
        new Linear(CHANNELS, 4 * CHANNELS),
        new GELU(),
        new Linear(4 * CHANNELS, CHANNELS),
        new Dropout(0.1),
      ]),
    ),
  ]);
}

/** Blocks in segments of `length`, so that the parameters have the same names whatever `wrap` does. */
function deep(blocks: number, length: number, wrap: (segment: AnyLayer) => AnyLayer): AnyLayer {
  const segment = () => wrap(new Sequential(Array.from({ length }, block)));
  return new Sequential(Array.from({ length: blocks / length }, segment));
}

const plain = (blocks: number, length: number) => deep(blocks, length, (segment) => segment);
const recomputed = (blocks: number, length: number) => deep(blocks, length, checkpoint);

/** Output, gradients and most bytes of one training pass. */
function run(root: AnyLayer, runtime = rt) {
  const network = new Network(runtime, root, { seed: 9 });
  const [x, dy] = [drawn(runtime, SHAPE, "x"), drawn(runtime, SHAPE, "dy")];
  const before = runtime.heap.used;
  const y = network.forward(x, { step: 3, inputGradient: true }).data.slice();
  const measured = runtime.heap.used - before;
  const dx = network.backward(dy)!.data.slice();
  const gradients = [...network.parameters].map(({ name, grad }) => [name, grad.slice()] as const);
  return { y, dx, gradients, measured, peak: network.peak };
}

function expectEqualRuns(ours: ReturnType<typeof run>, theirs: ReturnType<typeof run>): void {
  expectSame(ours.y, theirs.y, "output");
  expectSame(ours.dx, theirs.dx, "gradient of the input");
  expect(ours.gradients.map(([name]) => name)).toEqual(theirs.gradients.map(([name]) => name));
  for (const [i, [name, gradient]] of ours.gradients.entries()) expectSame(gradient, theirs.gradients[i]![1], name);
}

describe("16 blocks in segments of 4", () => {
  test.each(runtimes)("give the bits of the plain run on $backend", (runtime) => {
    expectEqualRuns(run(recomputed(16, 4), runtime), run(plain(16, 4), runtime));
  });

  test("take the memory of 4 blocks and 4 inputs", async () => {
    const [fresh] = await loadAll();
    // The workspace of kernels comes with the first pass.
    run(plain(4, 4), fresh);
    const [less, more] = [run(recomputed(16, 4), fresh), run(plain(16, 4), fresh)];
    const perBlock =
      (plan(plain(8, 4), { shape: SHAPE }).activations - plan(plain(4, 4), { shape: SHAPE }).activations) / 4;
    const input = 4 * SHAPE.reduce((a, b) => a * b);
    const four = plan(plain(4, 4), { shape: SHAPE }).activations;
    expect(less.peak).toBeLessThanOrEqual(four + 4 * input);
    expect(more.peak).toBeGreaterThanOrEqual(16 * perBlock);
    expect(less.measured).toBeLessThan(more.measured / 3);
    expect(Math.abs(less.measured - less.peak)).toBeLessThanOrEqual(0.1 * less.peak);
  });
});

test("activations grow as the root of the number of blocks", () => {
  const bytes = (make: typeof plain, blocks: number) =>
    plan(make(blocks, Math.sqrt(blocks)), { shape: SHAPE }).activations;
  expect(bytes(recomputed, 64) / bytes(recomputed, 16)).toBeLessThan(2.1);
  expect(bytes(plain, 64) / bytes(plain, 16)).toBeGreaterThan(3.8);
});

test("segments in segments give the same bits for less memory still", () => {
  const nested = deep(16, 8, (segment) => new Recompute(segment));
  const twice = new Sequential(
    Array.from({ length: 2 }, () => {
      const inner = Array.from({ length: 8 }, () => new Recompute(block()));
      return new Recompute(new Sequential(inner));
    }),
  );
  const [a, b] = [run(nested), run(twice)];
  expectEqualRuns(b, a);
  expectEqualRuns(b, run(plain(16, 8)));
  expect(b.peak).toBeLessThan(a.peak / 2);
});

test("a segment may begin with indices", () => {
  const make = (wrap: (layer: AnyLayer) => AnyLayer) =>
    new Network(rt, new Sequential([wrap(new Sequential([new Embedding(5, 3), new Linear(3, 3)])), new GELU()]), {
      seed: 1,
    });
  const x = rt.tensor([4], { type: "u32", values: [0, 4, 4, 2] });
  const dy = drawn(rt, [4, 3], "dy");
  const [one, two] = [make((layer) => layer), make((layer) => new Recompute(layer))];
  for (const network of [one, two]) {
    network.forward(x);
    network.backward(dy);
  }
  for (const { name, grad } of one.parameters) expectSame(two.parameters.get(name).grad, grad, name);
});

test("each segment says that it keeps its input, and evaluation keeps nothing", () => {
  const input = 4 * SHAPE.reduce((a, b) => a * b);
  const root = new Sequential({ in: new Linear(CHANNELS, CHANNELS), deep: recomputed(4, 2) });
  const { kept } = plan(root, { shape: SHAPE }, { training: false, gradients: true });
  expect(kept).toEqual({ "deep.0": input, "deep.1": input });
  expect(plan(root, { shape: SHAPE }, { training: false }).kept).toEqual({});
});
