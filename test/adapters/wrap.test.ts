/** Arrays outside linear memory step as parameters in it do, to the bit; bad ones are refused before anything is written. */
import { describe, expect, test } from "vitest";
import { type OutsideArray, type OutsideArrays, wrap } from "../../src/adapters/wrap.ts";
import { clipGradNorm } from "../../src/gradients/clip.ts";
import { Adafactor } from "../../src/optim/adafactor.ts";
import { AdamW } from "../../src/optim/adam.ts";
import { SGD } from "../../src/optim/sgd.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { SpikeGuard } from "../../src/training/spikeGuard.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [runtime] = runtimes as [Runtime, ...Runtime[]];

const wave = (length: number, from: number) => Float32Array.from({ length }, (_, i) => Math.fround(Math.sin(from + i)));

/** A matrix with a gradient of its own, at an odd place of a larger buffer, and a vector whose gradients come by step. */
function arrays() {
  const weight = wave(40, 1).subarray(3, 38);
  return { weight: { data: weight, grad: new Float32Array(35), shape: [5, 7] }, bias: wave(7, 2) };
}

/** Gradients with every kind of number in them. */
function gradientsAt(step: number) {
  const weight = wave(35, 3 * step);
  if (step === 2) weight.set([Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-42]);
  return { weight, bias: wave(7, 5 * step) };
}

describe.each(runtimes)("on $backend", (rt) => {
  test.each([
    ["AdamW", (params: ReturnType<Runtime["parameters"]>) => new AdamW(params, { lr: 0.1, weightDecay: 0.3 })],
    ["Adafactor, which looks at shapes", (params: ReturnType<Runtime["parameters"]>) => new Adafactor(params)],
  ])("%s steps to the same bits as without wrapping", (_, make) => {
    const outside = arrays();
    const wrapped = wrap(rt, outside);
    const inside = rt.parameters({ weight: [5, 7], bias: [7] });
    inside.get("weight").data.set(outside.weight.data);
    inside.get("bias").data.set(outside.bias);
    const [ours, direct] = [make(wrapped.parameters), make(inside)];
    for (let step = 0; step < 4; step++) {
      const { weight, bias } = gradientsAt(step);
      outside.weight.grad.set(weight);
      const report = wrapped.step(ours, { gradients: { bias } });
      inside.get("weight").grad.set(weight);
      inside.get("bias").grad.set(bias);
      // 35 + 7 gradients in, as many values out.
      expect(report).toEqual({ ...direct.step(), bytesCopied: 2 * 4 * 42 });
      expect(bitsOf(outside.weight.data)).toEqual(bitsOf(inside.get("weight").data));
      expect(bitsOf(outside.bias)).toEqual(bitsOf(inside.get("bias").data));
    }
  });
});

test("NaN payloads, -0 and subnormals come in and go out as they are", () => {
  const bits = Uint32Array.of(0x7fc12345, 0xffc00001, 0x80000000, 0x00000001, 0x7f800000);
  const data = new Float32Array(bits.slice().buffer);
  using wrapped = wrap(runtime, { p: data });
  expect(new Uint32Array(wrapped.parameters.get("p").data.slice().buffer)).toEqual(bits);
  data.fill(0);
  wrapped.copyValuesOut();
  expect(new Uint32Array(data.buffer)).toEqual(bits);
});

test("shape is [length] unless it is given, and role and frozen are as declared", () => {
  const [a, b] = [new Float32Array(6), new Float32Array(6)];
  using wrapped = wrap(runtime, { a, b: { data: b, shape: [2, 3], role: "embedding", frozen: true } });
  const described = [...wrapped.parameters].map(({ name, shape, role, frozen }) => ({ name, shape, role, frozen }));
  expect(described).toEqual([
    { name: "a", shape: [6], role: "bias", frozen: false },
    { name: "b", shape: [2, 3], role: "embedding", frozen: true },
  ]);
});

test("frozen parameters need no gradient, and their values are left alone", () => {
  const [a, b] = [wave(3, 1), wave(4, 1)];
  using wrapped = wrap(runtime, { a, b: { data: b, frozen: true } });
  const before = b.slice();
  const report = wrapped.step(new SGD(wrapped.parameters, { lr: 1 }), { gradients: { a: wave(3, 2) } });
  expect(report.bytesCopied).toBe(4 * 3 + 4 * 7);
  expect(b).toEqual(before);
});

test("the passes can be called one by one, with clipping in between", () => {
  const outside: { p: OutsideArray } = { p: { data: Float32Array.of(1, 1), grad: Float32Array.of(30, 40) } };
  using wrapped = wrap(runtime, outside);
  const sgd = new SGD(wrapped.parameters, { lr: 1 });
  expect(wrapped.copyGradientsIn()).toBe(8);
  expect(clipGradNorm(wrapped.parameters, 5)).toBe(50);
  sgd.step();
  expect(wrapped.copyValuesOut()).toBe(8);
  expect([...outside.p.data]).toEqual([Math.fround(1 - 3), Math.fround(1 - 4)].map((x) => expect.closeTo(x, 5)));
});

test("values that were changed outside count once they are copied in", () => {
  const data = Float32Array.of(1, 2);
  using wrapped = wrap(runtime, { p: data });
  const sgd = new SGD(wrapped.parameters, { lr: 1 });
  data.fill(10);
  expect(wrapped.copyValuesIn()).toBe(8);
  wrapped.step(sgd, { gradients: { p: Float32Array.of(1, 2) } });
  expect([...data]).toEqual([9, 8]);
});

test("options of the step reach the optimizer, and a step that goes back goes back outside too", () => {
  const data = Float32Array.of(1, 1);
  using wrapped = wrap(runtime, { p: data });
  const guard = new SpikeGuard(new SGD(wrapped.parameters, { lr: 1 }), { policy: "rollback", stepsBack: 1 });
  const gradients = { p: Float32Array.of(1, 1) };
  for (let batch = 0; batch < 20; batch++) {
    const stepper = { step: () => guard.step({ loss: 1, batch }) };
    wrapped.step(stepper, { gradients });
  }
  const report = wrapped.step({ step: () => guard.step({ loss: 1e6, batch: 20 }) }, { gradients });
  expect(report.action).toBe("rollback");
  expect(bitsOf(data)).toEqual(bitsOf(wrapped.parameters.get("p").data));
  expect(wrapped.step(new SGD(wrapped.parameters), { gradients, norms: true }).gradNorm).toBe(Math.SQRT2);
});

describe("refused, with nothing changed", () => {
  test.each<[string, unknown, string]>([
    ["no object", null, "arrays: got null"],
    ["an array alone", new Float32Array(3), "arrays: got an object of Float32Array"],
    ["no arrays", {}, "parameters: got an object"],
    ["another type", { p: new Float64Array(3) }, "p.data: got an object of Float64Array"],
    ["a plain list", { p: { data: [1, 2] } }, "p.data: got [1, 2]"],
    ["an empty array", { p: new Float32Array(0) }, "p.shape: got [0]"],
    ["an unknown key", { p: { data: new Float32Array(1), gradient: 1 } }, "p.gradient"],
    ["a shape of another size", { p: { data: new Float32Array(5), shape: [2, 3] } }, "p.data: got"],
    ["a short gradient", { p: { data: new Float32Array(5), grad: new Float32Array(4) } }, "p.grad: got"],
  ])("%s", (_, given, message) => {
    const { used } = runtime.heap;
    expect(() => wrap(runtime, given as OutsideArrays)).toThrow(message);
    expect(runtime.heap.used).toBe(used);
  });

  test("arrays that share memory", () => {
    const all = new Float32Array(10);
    const given = { a: all.subarray(0, 6), b: { data: new Float32Array(5), grad: all.subarray(5) } };
    expect(() => wrap(runtime, given)).toThrow('b.grad: got "memory shared with a.data", expected memory of its own');
    expect(() => wrap(runtime, { a: all.subarray(0, 5), b: all.subarray(5) }).dispose()).not.toThrow();
  });

  test("a step without a gradient, with one of another length, or for no parameter", () => {
    const data = wave(3, 1);
    const before = data.slice();
    using wrapped = wrap(runtime, { p: data });
    const sgd = new SGD(wrapped.parameters, { lr: 1 });
    expect(() => wrapped.step(sgd)).toThrow("p.grad: got undefined");
    expect(() => wrapped.step(sgd, { gradients: { p: new Float32Array(2) } })).toThrow('p.grad: got "2 elements"');
    expect(() => wrapped.step(sgd, { gradients: { q: new Float32Array(3) } })).toThrow("gradients.q");
    expect(data).toEqual(before);
    expect(sgd.steps).toBe(0);
  });

  test("detached arrays", () => {
    const data = wave(3, 1);
    const outside = { p: { data, grad: wave(3, 2) } };
    using wrapped = wrap(runtime, outside);
    const sgd = new SGD(wrapped.parameters, { lr: 1 });
    structuredClone(outside.p.grad.buffer, { transfer: [outside.p.grad.buffer] });
    expect(() => wrapped.step(sgd)).toThrow('p.grad: got "0 elements"');
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(() => wrapped.step(sgd, { gradients: { p: wave(3, 2) } })).toThrow('p.data: got "0 elements"');
    expect(sgd.steps).toBe(0);
  });

  test("an optimizer of other parameters, and anything that does not step", () => {
    using wrapped = wrap(runtime, { p: wave(3, 1) });
    const other = new SGD(runtime.parameters({ p: [3] }));
    expect(() => wrapped.step(other, { gradients: { p: wave(3, 1) } })).toThrow("an optimizer of other parameters");
    expect(() => wrapped.step({} as SGDLike)).toThrow("optimizer: got an object");
  });
});

type SGDLike = Parameters<ReturnType<typeof wrap>["step"]>[0];
