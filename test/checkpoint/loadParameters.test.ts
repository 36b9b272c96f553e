import { expect, test } from "vitest";
import { loadParameters } from "../../src/checkpoint/loadParameters.ts";
import { Safetensors, type WriteTensor } from "../../src/checkpoint/safetensors.ts";
import { writeCheckpoint } from "../../src/checkpoint/write.ts";
import { AdamW } from "../../src/optim/index.ts";
import { loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];

const bytes = (tensors: Record<string, WriteTensor>) => new Safetensors(Object.entries(tensors)).bytes();

test("loads by name from a checkpoint of something else, and says what it left", async () => {
  const source = rt.parameters({ "fc.weight": [2, 3], "fc.bias": [2] });
  source.get("fc.weight").data.set([1, 2, 3, 4, 5, 6]);
  const file = writeCheckpoint({ model: source, optimizer: new AdamW(source.where(({ ndim }) => ndim === 1)) }).bytes();
  const target = rt.parameters({ "fc.weight": [2, 3] });
  expect(await loadParameters(new Blob([file]), target)).toEqual({
    missing: [],
    unexpected: ["fc.bias", "optimizer/fc.bias/exp_avg", "optimizer/fc.bias/exp_avg_sq"],
    misshapen: [],
  });
  expect([...target.get("fc.weight").data]).toEqual([1, 2, 3, 4, 5, 6]);
});

test("names can be translated, and some parameters chosen", async () => {
  const file = bytes({ "transformer.fc.w": { data: Float32Array.of(1, 2) }, "fc.b": { data: Float32Array.of(3) } });
  const params = rt.parameters({ "fc.w": [2], "fc.b": [1] });
  const chosen = params.where(({ name }) => name === "fc.w");
  const report = await loadParameters(file, chosen, { names: (name) => `transformer.${name}` });
  expect(report).toEqual({ missing: [], unexpected: ["fc.b"], misshapen: [] });
  expect([...params].map(({ data }) => [...data])).toEqual([[1, 2], [0]]);
});

/** Every number of half precision, by its own definition. */
function halfValue(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 1 + fraction / 1024 : fraction / 1024) * 2 ** Math.max(exponent - 15, -14);
}

test("F16 and BF16 are taken exactly, over all bit patterns, and F64 is rounded", async () => {
  // Every pattern, and more elements than are converted at once.
  const n = 150_000;
  const all = Uint16Array.from({ length: n }, (_, i) => i);
  const doubles = Float64Array.from({ length: n }, (_, i) => Math.PI * 10 ** (i / 2000 - 40));
  const file = bytes({
    half: { data: all, dtype: "F16", shape: [300, 500] },
    brain: { data: all, dtype: "BF16" },
    double: { data: doubles },
  });
  const params = rt.parameters({ half: [300, 500], brain: [n], double: [n] });
  await loadParameters(file, params);
  const top = new Float32Array(new Uint32Array(all).map((bits) => bits << 16).buffer);
  const same = (name: string, expected: Float32Array) =>
    params.get(name).data.every((x, i) => Object.is(x, expected[i]));
  expect(same("half", Float32Array.from(all, halfValue))).toBe(true);
  expect(same("brain", top)).toBe(true);
  expect(same("double", Float32Array.from(doubles))).toBe(true);
  expect(Object.is(params.get("half").data[0x8000], -0)).toBe(true);
});

test("what does not fit throws before anything is written, or is reported", async () => {
  const file = bytes({
    a: { data: Float32Array.of(1, 2) },
    b: { data: Float32Array.of(3, 4), shape: [2, 1] },
    c: { data: BigInt64Array.of(5n) },
  });
  const params = rt.parameters({ a: [2], b: [2], c: [1], d: [1] });
  const text = "parameters: missing d; misshapen b: got [2, 1], expected [2], c: got I64, expected F32, F64, F16, BF16";
  await expect(loadParameters(file, params)).rejects.toThrow(text);
  await expect(loadParameters(file, params)).rejects.toMatchObject({ code: "STATE_MISMATCH" });
  expect([...params.get("a").data]).toEqual([0, 0]);
  expect(await loadParameters(file, params, { strict: false })).toMatchObject({ missing: ["d"], unexpected: [] });
  expect([...params].map(({ data }) => [...data])).toEqual([[1, 2], [0, 0], [0], [0]]);
  await expect(loadParameters(file, params, { name: 1 } as object)).rejects.toThrow("loadParameters.name");
  await expect(loadParameters(file.slice(1), params)).rejects.toMatchObject({ code: "BAD_FILE" });
  params.dispose();
  await expect(loadParameters(file, params)).rejects.toMatchObject({ code: "DISPOSED" });
});

test("a file that has none of the names says so, and points to the option", async () => {
  const file = bytes({ "transformer.fc.w": { data: Float32Array.of(1, 2) } });
  const params = rt.parameters({ "fc.w": [2], "fc.b": [1] });
  const text =
    'parameters: got "a file of tensors such as \\"transformer.fc.w\\"", expected names such as "fc.w": the option names';
  await expect(loadParameters(file, params)).rejects.toThrow(text);
  await expect(loadParameters(file, params)).rejects.toMatchObject({ code: "STATE_MISMATCH" });
  expect((await loadParameters(file, params, { strict: false })).missing).toEqual(["fc.w", "fc.b"]);
  await expect(loadParameters(file, params, { names: "fc" as never })).rejects.toThrow('names: got "fc"');
  await expect(loadParameters(file, params, { names: () => 1 as never })).rejects.toThrow('names("fc.w"): got 1');
});

test("a file of more tensors than a call takes arguments is no trouble", async () => {
  const data = Float32Array.of(1);
  const tensors = Array.from({ length: 200_000 }, (_, i): [string, WriteTensor] => [`t${i}`, { data }]);
  const params = rt.parameters({ t7: [1] });
  const { unexpected } = await loadParameters(new Safetensors(tensors).bytes(), params);
  expect(unexpected).toHaveLength(199_999);
});

test("a large tensor is read in pieces, straight to where it belongs", async () => {
  const data = Float32Array.from({ length: 5_000_000 }, (_, i) => i);
  const file = bytes({ a: { data } });
  const params = rt.parameters({ a: [5_000_000] });
  const { buffer } = rt.heap.views.u8;
  const pieces: number[] = [];
  const read = (offset: number, target: Uint8Array) => {
    target.set(file.subarray(offset, offset + target.length));
    if (target.buffer === buffer) pieces.push(target.length);
  };
  await loadParameters({ size: file.length, read }, params);
  expect(pieces).toEqual([2 ** 24, 20_000_000 - 2 ** 24]);
  expect(params.get("a").data.every((x, i) => x === data[i])).toBe(true);
});

test("shapes of many axes are compared to the last", async () => {
  const file = bytes({ a: { data: new Float32Array(6), shape: [1, 1, 1, 1, 1, 1, 1, 1, 2, 3] } });
  const params = rt.parameters({ a: [1, 1, 1, 1, 1, 1, 1, 1, 3, 2] });
  await expect(loadParameters(file, params)).rejects.toThrow("misshapen a");
});
