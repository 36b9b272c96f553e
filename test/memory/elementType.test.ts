/** Every element type: tensors are allocated, viewed, copied, saved and loaded, and so is the state of an optimizer. */
import { describe, expect, test } from "vitest";
import { readCheckpoint } from "../../src/checkpoint/read.ts";
import { readSafetensors, Safetensors } from "../../src/checkpoint/safetensors.ts";
import { writeCheckpoint } from "../../src/checkpoint/write.ts";
import { ELEMENT_TYPES, ELEMENTS, type ElementType } from "../../src/memory/elementType.ts";
import { defineOptimizer } from "../../src/optim/define/optimizer.ts";
import { real } from "../../src/optim/define/option.ts";
import { SnapshotRing } from "../../src/state/snapshots.ts";
import { load } from "../../src/tensor/runtime.ts";
import { backends } from "../support/runtimes.ts";

/** Elements as their type holds them: whole, and for floats that are kept as bits the bits. */
const VALUES = [0, 1, 2, 100, 127];

describe.each(backends)("on %s", (backend) => {
  test.each(ELEMENT_TYPES)("%s", async (type) => {
    const rt = await load({ backend });
    const { bytes, array, file } = ELEMENTS[type];
    const before = rt.heap.used;
    const tensor = rt.tensor([5], { type, values: VALUES });
    expect(tensor.type).toBe(type);
    expect(tensor.data).toBeInstanceOf(array);
    expect(tensor.data.BYTES_PER_ELEMENT).toBe(bytes);
    expect(tensor.pointer % bytes).toBe(0);
    expect(rt.heap.used - before).toBeLessThanOrEqual(128);
    expect([...tensor.data]).toEqual(VALUES);
    expect([...tensor.reshape([5, 1]).data]).toEqual(VALUES);
    const copy = rt.tensor([5], { type, values: tensor.data });
    expect([...copy.data]).toEqual(VALUES);
    rt.tensor([1 << 20]);
    expect([...tensor.data], "after memory grew").toEqual(VALUES);
    const written = new Safetensors([["x", tensor]]).bytes();
    const { dtype, shape, data } = (await readSafetensors(written)).tensors.get("x")!;
    expect({ dtype, shape: [...shape], data: [...data] }).toEqual({ dtype: file, shape: [5], data: VALUES });
  });
});

/** Counts in a slot of a type, and has one for every second element in another: no kernel computes in these types yet. */
const counting = (dtype: ElementType) =>
  defineOptimizer({
    name: "Counting",
    rule: "a += 1",
    cites: "",
    options: { lr: real(1, "[0, inf)", 2) },
    state: { a: { dtype }, half: { dtype, size: (shape) => Math.ceil(shape.reduce((x, y) => x * y, 1) / 2) }, f: {} },
    update({ engine }, { p, n, state }, { lr }) {
      const { buffer } = engine.heap.views.u8;
      const { array } = ELEMENTS[dtype];
      const counts = new array(buffer as ArrayBuffer, state.a, n) as Uint8Array;
      for (let i = 0; i < n; i++) counts[i]!++;
      engine.unchecked.fill(p, n, lr);
      engine.unchecked.fill(state.f, n, 0.5);
    },
  });

describe.each(ELEMENT_TYPES)("state of type %s", (dtype) => {
  const Counting = counting(dtype);
  const make = async () => {
    const rt = await load();
    const params = rt.parameters({ a: [3], b: [2, 2], c: [5] });
    return { rt, params, optimizer: new Counting(params) };
  };
  const stateOf = ({ optimizer }: Awaited<ReturnType<typeof make>>) =>
    Object.values(optimizer.stateDict().state).map((slots) => Object.values(slots).map((array) => [...array]));

  test("takes as many bytes as it has, and joins neighbours", async () => {
    const { optimizer } = await make();
    expect(optimizer.bytes).toBe(ELEMENTS[dtype].bytes * (12 + 2 + 2 + 3) + 4 * 12);
  });

  test("is copied, loaded and kept in snapshots", async () => {
    const run = await make();
    for (let t = 0; t < 3; t++) run.optimizer.step();
    const saved = run.optimizer.stateDict();
    expect(saved.state["a"]!["a"]).toBeInstanceOf(ELEMENTS[dtype].array);
    expect([...saved.state["c"]!["a"]!]).toEqual([3, 3, 3, 3, 3]);
    const other = await make();
    other.optimizer.loadStateDict(structuredClone(saved));
    expect(stateOf(other)).toEqual(stateOf(run));
    const ring = new SnapshotRing(run.rt.heap, saved, 1);
    ring.save(saved);
    run.optimizer.step();
    run.optimizer.loadStateDict(ring.at(0, { copy: true }));
    expect(stateOf(run)).toEqual(stateOf(other));
  });

  test("comes back from a checkpoint in its own type", async () => {
    const run = await make();
    for (let t = 0; t < 2; t++) run.optimizer.step();
    const file = writeCheckpoint({ params: run.params, optimizer: run.optimizer }).bytes();
    const { tensors } = await readSafetensors(file);
    expect(tensors.get("optimizer/b/a")!.dtype).toBe(ELEMENTS[dtype].file);
    const resumed = await make();
    await readCheckpoint(file, { params: resumed.params, optimizer: resumed.optimizer });
    expect(stateOf(resumed)).toEqual(stateOf(run));
  });

  test("of another type is refused, and nothing is changed", async () => {
    const run = await make();
    const wrong = new (counting(dtype === "u8" ? "u32" : "u8"))((await make()).params);
    wrong.step();
    if (dtype !== "f32") expect(() => run.optimizer.loadStateDict(wrong.stateDict())).toThrow(/misshapen a\/a: got/);
    expect(run.optimizer.steps).toBe(0);
  });
});
