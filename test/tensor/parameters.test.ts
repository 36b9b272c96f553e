import { describe, expect, test } from "vitest";
import type { Parameter } from "../../src/tensor/parameters.ts";
import { load } from "../../src/tensor/runtime.ts";

const rt = await load();

describe("parameters", () => {
  test("values and gradients each lie in one arena, tightly packed in the order given", () => {
    const params = rt.parameters({ a: [2, 3], b: [5], c: [1] });
    const [a, b, c] = ["a", "b", "c"].map((name) => params.get(name)) as [Parameter, Parameter, Parameter];
    expect([b.value.pointer - a.value.pointer, c.value.pointer - b.value.pointer]).toEqual([24, 20]);
    expect([b.gradient.pointer - a.gradient.pointer, c.gradient.pointer - b.gradient.pointer]).toEqual([24, 20]);
    expect(a.value.pointer % 64).toBe(0);
    expect(params.size).toBe(12);
    expect(params.bytes).toBe(96);
    a.data.set([1, 2, 3, 4, 5, 6]);
    b.data.fill(9);
    expect([...a.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...b.grad]).toEqual([0, 0, 0, 0, 0]);
  });

  test("know their name, shape, axes, size, role and whether they are frozen", () => {
    const params = rt.parameters({ w: [4, 2], b: [4], e: { shape: [9, 2], role: "embedding", frozen: true } });
    expect(
      [...params].map(({ name, shape, ndim, size, role, frozen }) => ({ name, shape, ndim, size, role, frozen })),
    ).toEqual([
      { name: "w", shape: [4, 2], ndim: 2, size: 8, role: "hidden", frozen: false },
      { name: "b", shape: [4], ndim: 1, size: 4, role: "bias", frozen: false },
      { name: "e", shape: [9, 2], ndim: 2, size: 18, role: "embedding", frozen: true },
    ]);
    expect(params.where(({ ndim }) => ndim === 1)).toEqual([params.get("b")]);
    expect([params.has("w"), params.has("x")]).toEqual([true, false]);
  });

  test("zeroGrad clears every gradient and no value", () => {
    const params = rt.parameters({ a: [3], b: [70] });
    for (const parameter of params) {
      parameter.data.fill(2);
      parameter.grad.fill(3);
    }
    params.zeroGrad();
    for (const parameter of params) {
      expect(parameter.grad.every((x) => x === 0)).toBe(true);
      expect(parameter.data.every((x) => x === 2)).toBe(true);
    }
  });

  test("are found by any name, even those that objects have of their own", () => {
    const params = rt.parameters(JSON.parse('{ "__proto__": [2], "constructor": [3] }'));
    expect([params.get("__proto__").size, params.get("constructor").size]).toEqual([2, 3]);
    expect(() => params.get("toString")).toThrow('name: got "toString", expected one of __proto__, constructor');
  });

  test("refuse bad declarations before allocating anything", () => {
    const used = rt.heap.used;
    const bad = (declarations: unknown) => () => rt.parameters(declarations as Record<string, number[]>);
    expect(bad({})).toThrow(/expected at least one parameter/);
    expect(bad([[2]])).toThrow(/expected an object such as/);
    expect(bad({ w: [2, 0] })).toThrow("w.shape: got [2, 0], expected a list of whole sizes of at least 1");
    expect(bad({ w: [1.5] })).toThrow("w.shape: got [1.5]");
    expect(bad({ w: "4" })).toThrow('w: got "4", expected a shape such as [10, 784]');
    expect(bad({ w: { shape: [2], role: "body" } })).toThrow('w.role: got "body", expected one of "hidden"');
    expect(bad({ w: { shape: [2], size: 2 } })).toThrow('w.size: got "size", expected one of shape, role, frozen');
    expect(rt.heap.used).toBe(used);
  });
});

describe("tensors", () => {
  test("of numbers and of indices", () => {
    const x = rt.tensor([2, 2], { values: [1, 2, 3, 4] });
    const i = rt.tensor([2], { type: "u32", values: [1, 0] });
    expect([x.data, i.data]).toEqual([new Float32Array([1, 2, 3, 4]), new Uint32Array([1, 0])]);
    expect([x.shape, x.size, x.type, i.type]).toEqual([[2, 2], 4, "f32", "u32"]);
    expect(rt.tensor([], { values: [5] }).data[0]).toBe(5);
  });

  test("refuse bad shapes, types and numbers of values", () => {
    expect(() => rt.tensor([-1])).toThrow("shape: got [-1]");
    expect(() => rt.tensor(3 as unknown as number[])).toThrow("shape: got 3");
    expect(() => rt.tensor([2], { values: [1] })).toThrow("values: got 1, expected 2 values");
    expect(() => rt.tensor([2], { values: ["a", {}] as never })).toThrow('values[0]: got "a", expected a number');
    expect(() => rt.tensor([1], { values: BigInt64Array.of(1n) as never })).toThrow(
      "values[0]: got 1, expected a number",
    );
    expect(() => rt.tensor([2], { type: "u32", values: [1, 1.5] })).toThrow(
      "values[1]: got 1.5, expected a whole number",
    );
    expect(() => rt.tensor([1], { type: "u32", values: Float32Array.of(-1) })).toThrow("values[0]: got -1");
    // torch's mark of a target that counts for nothing.
    expect([...rt.tensor([1], { type: "u32", values: [-100] }).data]).toEqual([2 ** 32 - 100]);
    expect(() => rt.tensor([2], { type: "i64" as "f32" })).toThrow('type: got "i64", expected one of "f32", "f64"');
    expect(() => rt.tensor([2], { type: "i8", values: [1, 128] })).toThrow("values[1]: got 128, expected");
    expect(() => rt.tensor([1], { type: "bf16", values: [0.5] })).toThrow(
      "values[0]: got 0.5, expected a whole number",
    );
  });
});
