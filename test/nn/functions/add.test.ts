import { expect, test } from "vitest";
import { addPositions, addPositionsBackward, addTo } from "../../../src/nn/functions/add.ts";
import { linear, linearBackward } from "../../../src/nn/functions/linear.ts";
import { load } from "../../../src/tensor/runtime.ts";
import { drawn, expectSame } from "../../support/differences.ts";

const rt = await load();

test("addTo adds", () => {
  const [x, y] = [drawn(rt, [3, 5], "x"), drawn(rt, [3, 5], "y")];
  const expected = y.data.map((v, i) => v + x.data[i]!);
  addTo(x, y);
  expectSame(y.data, expected);
  expect(() => addTo(rt.tensor([5, 3]), y)).toThrow("x: got [5, 3], expected a f32 tensor of shape [3, 5]");
});

test("positions are added to each sequence, however short, and their gradients summed over sequences", () => {
  const [table, x] = [drawn(rt, [7, 3], "table"), drawn(rt, [4, 5, 3], "x")];
  const expected = x.data.map((v, i) => v + table.data[i % 15]!);
  addPositions(table, x);
  expectSame(x.data, expected);
  const dTable = rt.tensor([7, 3]);
  dTable.data.fill(1);
  addPositionsBackward(x, dTable);
  const sums = new Float32Array(21).fill(1);
  for (let b = 0; b < 4; b++) for (let i = 0; i < 15; i++) sums[i]! += expected[15 * b + i]!;
  expectSame(dTable.data, sums);
  expect(() => addPositions(table, rt.tensor([1, 8, 3]))).toThrow(
    "x: got [1, 8, 3], expected sequences of at most 7 rows",
  );
  expect(() => addPositions(table, rt.tensor([3]))).toThrow("x: got [3]");
  expect(() => addPositionsBackward(x, rt.tensor([3]))).toThrow("table: got [3], expected two axes");
});

test("a linear layer takes any leading axes, and no bias", () => {
  const [x, weight, dy] = [drawn(rt, [2, 3, 4], "x"), drawn(rt, [5, 4], "w"), drawn(rt, [2, 3, 5], "dy")];
  const [y, flat, zero] = [rt.tensor([2, 3, 5]), rt.tensor([6, 5]), rt.tensor([5])];
  linear(x, weight, undefined, y);
  linear(x.reshape([6, 4]), weight, zero, flat);
  expectSame(y.data, flat.data);
  const [dx, dWeight, dFlat, dWeightFlat] = [
    rt.tensor([2, 3, 4]),
    rt.tensor([5, 4]),
    rt.tensor([6, 4]),
    rt.tensor([5, 4]),
  ];
  linearBackward(x, weight, dy, { dx, dWeight });
  linearBackward(x.reshape([6, 4]), weight, dy.reshape([6, 5]), { dx: dFlat, dWeight: dWeightFlat, dBias: zero });
  expectSame(dx.data, dFlat.data);
  expectSame(dWeight.data, dWeightFlat.data);
  expect(() => linear(x, weight, undefined, flat)).toThrow("y: got [6, 5], expected a f32 tensor of shape [2, 3, 5]");
  const square = drawn(rt, [4, 4], "square");
  expect(() => linear(square, square, undefined, square)).toThrow(
    'y: got "the same memory as x", expected memory apart from x',
  );
});

test("a reshaped tensor is the same memory", () => {
  const x = drawn(rt, [2, 6], "x");
  const y = x.reshape([3, 4]);
  y.data[5] = 9;
  expect(x.data[5]).toBe(9);
  expect(() => x.reshape([5])).toThrow("shape: got [5], expected a shape of 12 elements");
});
