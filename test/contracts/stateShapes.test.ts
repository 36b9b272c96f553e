/** Arrays of state in files that are not as they were written: of another shape, or another type. */
import { describe, expect, test } from "vitest";
import { readSync } from "../../src/checkpoint/byteSource.ts";
import { readCheckpoint } from "../../src/checkpoint/read.ts";
import { type ReadTensor, readingTensors, Safetensors, type WriteTensor } from "../../src/checkpoint/safetensors.ts";
import { readTorchState, writeTorchState } from "../../src/checkpoint/torchState.ts";
import { writeCheckpoint } from "../../src/checkpoint/write.ts";
import { followsShape } from "../../src/core/shape.ts";
import { GradientAccumulator } from "../../src/gradients/accumulate.ts";
import { Adafactor, AdamW, Prodigy } from "../../src/optim/index.ts";
import { Random } from "../../src/tensor/random.ts";
import { load } from "../../src/tensor/runtime.ts";
import { EMA } from "../../src/training/average.ts";
import { Lookahead } from "../../src/training/lookahead.ts";
import { SpikeGuard } from "../../src/training/spikeGuard.ts";

const rt = await load();

function parameters(shapes: Record<string, number[]> = { w: [2, 3] }) {
  const params = rt.parameters(shapes);
  const random = new Random(1, "state shapes");
  for (const { data, grad } of params) {
    for (let i = 0; i < data.length; i++) [data[i], grad[i]] = [random.uniform() - 0.5, random.uniform() - 0.5];
  }
  return params;
}

/** A file with some of its tensors replaced. */
function changed(file: Safetensors, change: (tensor: ReadTensor, name: string) => WriteTensor): Uint8Array {
  const { metadata, tensors } = readSync(file.bytes(), readingTensors);
  return new Safetensors(
    [...tensors].map(([name, tensor]) => [name, change(tensor, name)]),
    metadata,
  ).bytes();
}

/** With the axes of every tensor of state turned about. */
const transposed = (tensor: ReadTensor, name: string): WriteTensor =>
  name === "w" ? tensor : { ...tensor, shape: [...tensor.shape].reverse() };

test.each([
  [[2, 3], [2, 3], true],
  [[3, 2], [2, 3], false],
  [[6], [2, 3], true],
  [[], [1], true],
  [[1], [], true],
  [[4], [1, 4], true],
  [[4, 1], [1, 4], true],
  [[2, 1, 3], [2, 3], true],
  [[2, 3], [2, 3, 4], true],
  [[2, 4], [2, 3, 4], true],
  [[4, 2], [2, 3, 4], false],
  [[3, 3], [3, 4], false],
  [[0, 2], [2, 0], false],
])("elements of %j taken for those of %j, or a part: %s", (shape, of, follows) => {
  expect(followsShape(shape, of)).toBe(follows);
});

describe("a checkpoint", () => {
  test.each([
    ["an optimizer", (params: ReturnType<typeof parameters>) => new AdamW(params), "w/exp_avg"],
    ["one in a wrapper", (params) => new Lookahead(new AdamW(params)), "slow.w"],
    ["one under a guard, which takes copies", (params) => new SpikeGuard(new AdamW(params)), "w/exp_avg"],
    ["an average", (params) => new EMA(params), "average.w"],
    ["a sum of gradients", (params) => new GradientAccumulator(params), "state.sum.w"],
  ] satisfies [string, (params: ReturnType<typeof parameters>) => unknown, string][])(
    "with state of %s transposed is refused, and nothing changes",
    async (_, make, where) => {
      const model = parameters();
      const parts = { model, part: make(model) };
      const file = changed(writeCheckpoint(parts), transposed);
      const before = writeCheckpoint(parts).bytes();
      for (const { data } of model) data.reverse();
      const now = writeCheckpoint(parts).bytes();
      await expect(readCheckpoint(file, parts)).rejects.toThrow(`${where}: got [3, 2], expected [2, 3]`);
      await expect(readCheckpoint(file, parts)).rejects.toMatchObject({ code: "STATE_MISMATCH" });
      expect(writeCheckpoint(parts).bytes()).toEqual(now);
      await readCheckpoint(before, parts);
      expect(writeCheckpoint(parts).bytes()).toEqual(before);
    },
  );

  test("of another model with as many elements is reported where not strict, and left alone", async () => {
    const [model, other] = [parameters(), parameters({ w: [3, 2] })];
    const optimizer = new AdamW(model);
    optimizer.step();
    const part = new AdamW(other);
    const report = await readCheckpoint(
      writeCheckpoint({ model, optimizer }).bytes(),
      { model: other, optimizer: part },
      { strict: false },
    );
    expect(report.misshapen).toEqual([
      "model/w: got [2, 3], expected [3, 2]",
      "optimizer/w/exp_avg: got [2, 3], expected [3, 2]",
      "optimizer/w/exp_avg_sq: got [2, 3], expected [3, 2]",
    ]);
    expect([...part.stateDict().state["w"]!["exp_avg"]!]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("without the parameters has state of one axis, and is read", async () => {
    const model = parameters();
    const optimizer = new AdamW(model);
    optimizer.step();
    const file = writeCheckpoint({ optimizer }).bytes();
    const other = new AdamW(parameters());
    await readCheckpoint(file, { optimizer: other });
    expect(other.stateDict()).toEqual(optimizer.stateDict());
  });

  test.each(["in place", "not in place"])("has floats of any type taken, as float32, by a part %s", async (kind) => {
    const model = parameters();
    const make = () => {
      const inner = new AdamW(model);
      return { inner, part: kind === "in place" ? new Lookahead(inner) : new SpikeGuard(inner) };
    };
    const { inner, part } = make();
    inner.step();
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x3800, 0, 0x7bff, 1);
    const file = changed(writeCheckpoint({ part }), (tensor, name) => {
      if (name.endsWith("exp_avg")) return { data: halves, dtype: "F16", shape: tensor.shape };
      return { data: Float64Array.from(tensor.data as Float32Array), shape: tensor.shape };
    });
    const other = make();
    await readCheckpoint(file, { part: other.part });
    const { exp_avg, exp_avg_sq } = other.inner.stateDict().state["w"]!;
    expect([...exp_avg!]).toEqual([1, -2, 0.5, 0, 65504, 2 ** -24]);
    expect(exp_avg_sq).toEqual(inner.stateDict().state["w"]!["exp_avg_sq"]);
  });

  test("has state of no floats reported by its type, and not as missing", async () => {
    const optimizer = new AdamW(parameters());
    const file = changed(writeCheckpoint({ optimizer }), (tensor, name) =>
      name.endsWith("avg") ? { data: new Uint8Array(6), dtype: "F8_E4M3" } : tensor,
    );
    await expect(readCheckpoint(file, { optimizer })).rejects.toThrow(
      "state: misshapen w/exp_avg: got F8_E4M3, expected F32, F64, F16, BF16",
    );
  });
});

describe("torch's state", () => {
  test("that is transposed, or of no floats, is refused, and nothing changes", async () => {
    const optimizer = new AdamW(parameters());
    optimizer.step();
    const file = writeTorchState(optimizer);
    optimizer.step();
    const before = optimizer.stateDict();
    await expect(readTorchState(changed(file, transposed), optimizer)).rejects.toThrow(
      "misshapen w/exp_avg: got [3, 2], expected [2, 3], w/exp_avg_sq: got [3, 2], expected [2, 3]",
    );
    const bytes = changed(file, (tensor, name) =>
      name.endsWith("avg_sq") ? { data: new Uint8Array(6), shape: [2, 3] } : tensor,
    );
    await expect(readTorchState(bytes, optimizer)).rejects.toThrow(
      "misshapen w/exp_avg_sq: got U8, expected F32, F64, F16, BF16",
    );
    expect(optimizer.stateDict()).toEqual(before);
    const { misshapen } = await readTorchState(bytes, optimizer, { strict: false });
    expect(misshapen).toEqual(["w/exp_avg_sq: got U8, expected F32, F64, F16, BF16"]);
  });

  test.each(["F64", "F16", "BF16"] as const)("may be of type %s", async (dtype) => {
    const optimizer = new AdamW(parameters());
    optimizer.step();
    const data =
      dtype === "F64" ? new Float64Array(6).fill(1) : new Uint16Array(6).fill(dtype === "F16" ? 0x3c00 : 0x3f80);
    const file = changed(writeTorchState(optimizer), (tensor, name) =>
      name.endsWith("step") ? tensor : { data, dtype, shape: tensor.shape },
    );
    await readTorchState(file, optimizer);
    expect([...optimizer.stateDict().state["w"]!["exp_avg"]!]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("of means over axes and of slices may be of one axis, or of the axes that are left", async () => {
    const factored = new Adafactor(parameters({ w: [2, 3, 4], row: [1, 4], column: [4, 1] }));
    factored.step();
    const other = new Adafactor(parameters({ w: [2, 3, 4], row: [1, 4], column: [4, 1] }));
    const file = writeTorchState(factored);
    await readTorchState(file.bytes(), other);
    expect(other.stateDict()).toEqual(factored.stateDict());
    // As fairseq has them.
    const axes: Record<string, number[]> = {
      "w.exp_avg_sq_row": [2, 3],
      "w.exp_avg_sq_col": [2, 4],
      "row.exp_avg_sq_col": [4],
    };
    await readTorchState(
      changed(file, (tensor, name) => ({ ...tensor, shape: axes[name] ?? tensor.shape })),
      other,
    );
    await expect(
      readTorchState(
        changed(file, (tensor, name) => (name === "w.exp_avg_sq_row" ? { ...tensor, shape: [3, 2] } : tensor)),
        other,
      ),
    ).rejects.toThrow("misshapen w/exp_avg_sq_row: got [3, 2], expected [2, 3, 4]");
    const [sliced, same] = [new Prodigy(parameters()), new Prodigy(parameters())];
    sliced.step();
    // Prodigy's reference flattens what it slices.
    const flat = changed(writeTorchState(sliced), (tensor) => ({
      ...tensor,
      shape: tensor.shape.length > 0 ? [tensor.data.length] : [],
    }));
    await readTorchState(flat, same);
    expect(same.stateDict().state).toEqual(sliced.stateDict().state);
  });
});
