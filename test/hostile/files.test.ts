/** Files that are damaged or made to do harm: whatever is wrong, a SimdOptimError says so and nothing has changed. */
import { beforeAll, describe, expect, test } from "vitest";
import { readSync } from "../../src/checkpoint/byteSource.ts";
import { loadParameters } from "../../src/checkpoint/loadParameters.ts";
import { readCheckpoint, readingCheckpoint } from "../../src/checkpoint/read.ts";
import { readingTensors, Safetensors } from "../../src/checkpoint/safetensors.ts";
import { readTorchState, writeTorchState } from "../../src/checkpoint/torchState.ts";
import { writeCheckpoint } from "../../src/checkpoint/write.ts";
import { AdamW, NAdam } from "../../src/optim/index.ts";
import { Random } from "../../src/tensor/random.ts";
import { load } from "../../src/tensor/runtime.ts";
import { EMA } from "../../src/training/average.ts";
import { Lookahead } from "../../src/training/lookahead.ts";
import { slow, swept } from "../support/sweep.ts";

const rt = await load({ backend: "reference" });

function makeRun() {
  const model = rt.parameters({ "fc.weight": [2, 3], "fc.bias": [3] });
  const inner = new NAdam(model);
  const parts = { model, optimizer: new Lookahead(inner, { k: 2 }), average: new EMA(model), random: new Random(3) };
  for (let step = 0; step < 3; step++) {
    for (const { grad } of model) grad.fill(step + 1);
    parts.optimizer.step();
    parts.average.update();
  }
  return { ...parts, inner, parts };
}

/** The header of a file as JSON, and a file with another one. */
function headerOf(file: Uint8Array): { header: string; withHeader: (text: string) => Uint8Array } {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = new TextDecoder().decode(file.subarray(8, 8 + length));
  const withHeader = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    const changed = new Uint8Array(8 + bytes.length + file.length - 8 - length);
    new DataView(changed.buffer).setBigUint64(0, BigInt(bytes.length), true);
    changed.set(bytes, 8);
    changed.set(file.subarray(8 + length), 8 + bytes.length);
    return changed;
  };
  return { header, withHeader };
}

/** Values that fit nowhere, or nearly. */
const FOREIGN: readonly unknown[] = [
  ...[null, true, "", "NaN", "fc.bias", "__proto__", "F16", "U8", "\ud800", 0, -0, -1, 1.5, 2 ** 53, 1e308],
  ...[[], {}, [[]], [0, 0], [2, 3], [3, 2], [6], { constructor: { name: { toString: 1 } } }, { length: 3 }],
  ...[{ $: "NaN" }, { $: "1n" }, { $: "x" }, { $tensor: "fc.bias" }, { $tensor: "none" }, { $tensor: 1 }, { $x: 1 }],
  ...[
    { toString: 1, valueOf: null },
    { ["__proto__"]: 1 },
    "x".repeat(10_000),
    new Array(20).fill(new Array(20).fill([])),
  ],
];

/** JSON with one thing in it changed: a value for a foreign one, a key for another, an entry left out or doubled. */
function mutated(value: unknown, random: Random): unknown {
  const places: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== "object") return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      visit((node as Record<string, unknown>)[key]);
    }
  };
  visit(value);
  const [node, key] = places[random.below(places.length)]!;
  const other = places[random.below(places.length)]!;
  const kind = random.below(8);
  if (kind === 0) delete node[key];
  else if (kind === 1) node[other[1]] = node[key];
  else if (kind === 2) node[key] = other[0][other[1]];
  else node[key] = structuredClone(FOREIGN[random.below(FOREIGN.length)]);
  return value;
}

/** A JSON text of something that may hold itself by now, or be in two places. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "{}";
  }
}

describe("whatever is changed in a file", () => {
  let run: ReturnType<typeof makeRun>;
  let checkpoint: Uint8Array;
  let torch: Uint8Array;
  const state = () => writeCheckpoint(run.parts).bytes();
  beforeAll(() => {
    run = makeRun();
    checkpoint = writeCheckpoint({ ...run.parts, data: { list: [1, Infinity, 5n], array: Uint16Array.of(7) } }).bytes();
    torch = writeTorchState(run.inner).bytes();
  });

  const inHeader = (file: Uint8Array, random: Random) => {
    const { header, withHeader } = headerOf(file);
    return withHeader(textOf(mutated(JSON.parse(header), random)));
  };
  const inManifest = (file: Uint8Array, random: Random) => {
    const { header, withHeader } = headerOf(file);
    const fields = JSON.parse(header);
    const manifest = mutated(JSON.parse(fields.__metadata__["simd-optim"]), random);
    fields.__metadata__["simd-optim"] = textOf(manifest);
    return withHeader(JSON.stringify(fields));
  };

  test.each([
    ["the header, read as a checkpoint", () => checkpoint, inHeader, (file) => readCheckpoint(file, run.parts)],
    ["the manifest, read as a checkpoint", () => checkpoint, inManifest, (file) => readCheckpoint(file, run.parts)],
    ["the header, read for parameters", () => checkpoint, inHeader, (file) => loadParameters(file, run.model)],
    ["the header, read as torch's state", () => torch, inHeader, (file) => readTorchState(file, run.inner)],
  ] satisfies [
    string,
    () => Uint8Array,
    (file: Uint8Array, random: Random) => Uint8Array,
    (file: Uint8Array) => Promise<unknown>,
  ][])("in %s, it is refused with a reason, or loads", async (name, file, change, read) => {
    const random = new Random(17, name);
    let [before, refused, loaded] = [state(), 0, 0];
    for (let i = 0; i < swept(1500, 200); i++) {
      const changed = change(file(), random);
      try {
        await read(changed);
        loaded++;
        before = state();
      } catch (error) {
        expect(error).toMatchObject({ name: "SimdOptimError", message: expect.any(String) });
        expect((error as Error).message.length).toBeLessThan(11_000);
        refused++;
        if (refused % 10 === 0) expect(state()).toEqual(before);
      }
    }
    expect(state()).toEqual(before);
    expect(Math.min(refused, loaded)).toBeGreaterThan(10);
  });
});

describe("a small file cannot cost much", () => {
  /** A checkpoint of one part of data, with its tree as text. */
  function fileOf(tree: string, arrays: Record<string, Float32Array> = {}): Uint8Array {
    const manifest = `{"version":1,"parts":{"data":{"kind":"data","tree":${tree}}}}`;
    const tensors = Object.entries(arrays).map(([name, data]) => [name, { data }] as const);
    return new Safetensors(tensors, [["simd-optim", manifest]]).bytes();
  }
  const read = (file: Uint8Array) => readSync(file, (size) => readingCheckpoint(size, {}, {}));
  const tree = (value: unknown) => read(writeCheckpoint({ data: value as object }).bytes()).data["data"];

  test("each tensor is named once, in whatever parts", () => {
    const arrays = { a: new Float32Array(2 ** 10) };
    const many = `[${new Array(1000).fill('{"$tensor":"a"}').join(",")}]`;
    expect(() => read(fileOf(many, arrays))).toThrow('simd-optim: got "tensor a twice", expected each once');
    const run = makeRun();
    const shared = (from: string, to: string) => {
      const { metadata, tensors } = readSync(writeCheckpoint(run.parts).bytes(), readingTensors);
      const manifest = metadata.get("simd-optim")!;
      expect(manifest).toContain(from);
      return new Safetensors(tensors, [["simd-optim", manifest.replace(from, to)]]).bytes();
    };
    const average = '{"$tensor":"average/average/fc.bias"}';
    for (const other of ["fc.bias", "optimizer/slow/fc.bias"]) {
      expect(() =>
        readSync(shared(average, `{"$tensor":"${other}"}`), (size) => readingCheckpoint(size, run.parts, {})),
      ).toThrow(`tensor ${other} twice`);
    }
    expect(() =>
      readSync(shared('"fc.bias":"fc.bias"', '"fc.bias":"fc.weight"'), (size) =>
        readingCheckpoint(size, run.parts, {}),
      ),
    ).toThrow("tensor fc.weight twice");
    // One array in two places is two tensors.
    expect(tree([arrays.a, arrays.a])).toEqual([arrays.a, arrays.a]);
  });

  test("bigints have at most 1000 digits, read or written", () => {
    const most = 10n ** 1000n - 1n;
    expect(tree([most, -most])).toEqual([most, -most]);
    for (const more of [most + 1n, -most - 1n, 7n ** 1_000_000n]) {
      expect(() => writeCheckpoint({ data: [more] })).toThrow(
        "data.0: got a bigint of more than 64 bits, expected at most 1000",
      );
    }
    expect(() => read(fileOf(`{"$":"${"1".repeat(1001)}n"}`))).toThrow("state: got");
    expect(() => read(fileOf(`{"$":"${"1".repeat(2e7)}n"}`))).toThrow("state: got");
  });

  test("state nests at most 64 deep, read or written", () => {
    const nested = (levels: number) => {
      let value: unknown = [1];
      for (let i = 1; i < levels; i++) value = [value];
      return value;
    };
    expect(tree(nested(64))).toEqual(nested(64));
    expect(tree(nested(63))).toEqual(nested(63));
    expect(() => tree(nested(65))).toThrow("deeper nesting");
    expect(() => read(fileOf(JSON.stringify(nested(65))))).toThrow("68 levels of nesting");
  });

  test("state consists of at most 2^20 lists and objects, read or written", () => {
    // The parts, the part, and the manifest itself.
    const most = 2 ** 20 - 4;
    const lists = (n: number) => `[${new Array(n).fill("[]").join(",")}]`;
    // To write and read as many takes seconds; a list of 100 000 is read below as it is.
    if (slow) {
      expect(tree(new Array(most).fill([]))).toHaveLength(most);
      expect(() => writeCheckpoint({ data: new Array(most + 1).fill([]) })).toThrow(
        'parts: got "1048577 lists and objects"',
      );
      expect(() => read(fileOf(lists(2e6)))).toThrow("lists and objects");
    }
    expect(() => read(fileOf(lists(most + 1)))).toThrow('simd-optim: got "1048577 lists and objects"');
    // What is in others so often that it would be written without end.
    let often: unknown = [];
    for (let i = 0; i < 60; i++) often = [often, often];
    expect(() => writeCheckpoint({ often })).toThrow("more lists and objects");
    expect(() => writeCheckpoint({ sparse: new Array(4e9) })).toThrow("more lists and objects");
  });

  test("a list of numbers may be as long as the header allows", () => {
    const numbers = Array.from({ length: 100_000 }, (_, i) => i);
    expect(tree(numbers)).toEqual(numbers);
  });
});

test("an optimizer refuses a state that only looks like one, however it is nested", () => {
  const model = rt.parameters({ w: [2] });
  const optimizer = new AdamW(model);
  optimizer.step();
  const before = optimizer.stateDict();
  const random = new Random(5, "states");
  for (let i = 0; i < 2000; i++) {
    const changed = mutated(JSON.parse(JSON.stringify(before)), random);
    try {
      optimizer.loadStateDict(changed as typeof before);
    } catch (error) {
      expect((error as Error).name).toBe("SimdOptimError");
    }
    expect(optimizer.stateDict()).toEqual(before);
  }
});
