import { describe, expect, test } from "vitest";
import { readSync } from "../../src/checkpoint/byteSource.ts";
import { type ReadCheckpointOptions, readCheckpoint, readingCheckpoint } from "../../src/checkpoint/read.ts";
import { readingTensors, Safetensors } from "../../src/checkpoint/safetensors.ts";
import { writeCheckpoint } from "../../src/checkpoint/write.ts";
import { Adafactor, AdamW, Lion, NAdam } from "../../src/optim/index.ts";
import { DeferredArray } from "../../src/state/stateful.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import { Random } from "../../src/tensor/random.ts";
import { EMA } from "../../src/training/average.ts";
import { Lookahead } from "../../src/training/lookahead.ts";
import { bitsOf, loadAll } from "../support/runtimes.ts";
import { swept } from "../support/sweep.ts";

const runtimes = await loadAll();
const [rt] = runtimes as [(typeof runtimes)[0]];

const SHAPES = { "fc.weight": [3, 4], "fc.bias": [3] };

function parameters(shapes: Record<string, number[]> = SHAPES, runtime = rt): Parameters {
  const params = runtime.parameters(shapes);
  const random = new Random(1, "values");
  for (const { data } of params) for (let i = 0; i < data.length; i++) data[i] = random.uniform() - 0.5;
  return params;
}

function step(params: Parameters, optimizer: { step(): unknown }, t: number): void {
  const random = new Random(2, `gradients ${t}`);
  for (const { grad } of params) for (let i = 0; i < grad.length; i++) grad[i] = random.uniform() - 0.5;
  optimizer.step();
}

const values = (params: Parameters) => [...params].map(({ data }) => [...bitsOf(data)]);
const readNow = (file: Uint8Array, parts: object, options: ReadCheckpointOptions = {}) =>
  readSync(file, (size) => readingCheckpoint(size, parts as Record<string, unknown>, options));

/** A file with its manifest changed. */
function tampered(file: Uint8Array, change: (manifest: string) => string): Uint8Array {
  const { metadata, tensors } = readSync(file, readingTensors);
  return new Safetensors(tensors, [["simd-optim", change(metadata.get("simd-optim")!)]]).bytes();
}

/** A run with everything that one has, some steps in. */
function makeRun(runtime = rt) {
  const params = parameters(SHAPES, runtime);
  const optimizer = new Lookahead(new AdamW(params, { lr: 0.1, weightDecay: 0.1 }), { k: 3 });
  const average = new EMA(params, { decay: 0.9 });
  const random = new Random(7, "data order");
  return { params, parts: { model: params, optimizer, average, random } };
}

function train(run: ReturnType<typeof makeRun>, from: number, to: number): void {
  for (let t = from; t < to; t++) {
    step(run.params, run.parts.optimizer, t + run.parts.random.below(1000));
    run.parts.average.update();
  }
}

describe.each(runtimes)("on $backend", (runtime) => {
  test("a run goes on bit for bit from the bytes of a file, through any kind of source", async () => {
    const straight = makeRun(runtime);
    train(straight, 0, 5);
    const file = writeCheckpoint(straight.parts).bytes();
    train(straight, 5, 12);
    const sources = [file, file.buffer, new Blob([file]), { size: file.length, read: slowly(file) }];
    for (const source of sources) {
      const resumed = makeRun(runtime);
      expect(await readCheckpoint(source, resumed.parts)).toEqual({
        missing: [],
        unexpected: [],
        misshapen: [],
        changed: [],
        data: {},
      });
      train(resumed, 5, 12);
      expect(values(resumed.params)).toEqual(values(straight.params));
      expect(writeCheckpoint(resumed.parts).bytes()).toEqual(writeCheckpoint(straight.parts).bytes());
    }
  });
});

const slowly = (file: Uint8Array) => async (offset: number, target: Uint8Array) => {
  await null;
  target.set(file.subarray(offset, offset + target.length));
};

test("other readers see parameters under their names and shapes, and state under where it is", () => {
  const run = makeRun();
  train(run, 0, 2);
  const factored = parameters({ u: [3, 4] });
  const file = writeCheckpoint({
    ...run.parts,
    factored: new Adafactor(factored),
    plain: { list: [Uint32Array.of(7)] },
  });
  const { tensors, metadata } = readSync(file.bytes(), readingTensors);
  const shapes = Object.fromEntries([...tensors].map(([name, { dtype, shape }]) => [name, [dtype, ...shape]]));
  expect(shapes).toEqual({
    "fc.weight": ["F32", 3, 4],
    "fc.bias": ["F32", 3],
    "optimizer/inner/fc.weight/exp_avg": ["F32", 3, 4],
    "optimizer/inner/fc.weight/exp_avg_sq": ["F32", 3, 4],
    "optimizer/inner/fc.bias/exp_avg": ["F32", 3],
    "optimizer/inner/fc.bias/exp_avg_sq": ["F32", 3],
    "optimizer/slow/fc.weight": ["F32", 3, 4],
    "optimizer/slow/fc.bias": ["F32", 3],
    "average/average/fc.weight": ["F32", 3, 4],
    "average/average/fc.bias": ["F32", 3],
    "factored/u/exp_avg_sq_row": ["F32", 3],
    "factored/u/exp_avg_sq_col": ["F32", 4],
    "plain/list/0": ["U32", 1],
  });
  expect(tensors.get("fc.bias")!.data).toEqual(run.params.get("fc.bias").data);
  expect([...metadata.keys()]).toEqual(["format", "simd-optim"]);
  expect(JSON.parse(metadata.get("simd-optim")!)).toMatchObject({ version: 1 });
});

test("nothing is copied on the way to the file", () => {
  const run = makeRun();
  const chunks = [...writeCheckpoint(run.parts)];
  expect(chunks).toHaveLength(11);
  for (const { buffer } of chunks.slice(1)) expect(buffer).toBe(rt.heap.views.u8.buffer);
});

test("data comes back exactly, whatever it is", () => {
  const data = {
    numbers: [Number.NaN, Infinity, -Infinity, -0, 0, 2 ** 53 - 1, 1e300, 5e-324, Number.MAX_VALUE, 0.1],
    large: [12345678901234567890n, -(2n ** 200n)],
    nothing: [undefined, null, "", [], {}],
    texts: ["\u0000\ud800\u{1f600}", "NaN", "$", "$tensor"],
    arrays: [
      Float32Array.of(Number.NaN, -0, 1.5),
      Float64Array.of(Math.PI),
      BigInt64Array.of(-(2n ** 63n)),
      BigUint64Array.of(2n ** 64n - 1n),
      Int16Array.of(-5),
      Uint16Array.of(5),
      Int32Array.of(-5),
      Int8Array.of(-5),
      Uint8Array.of(5),
      new Uint32Array(0),
    ],
    $: 1,
    $tensor: "mine",
    $$: { $: "NaN" },
    ["__proto__"]: { polluted: true },
    constructor: 3,
  };
  const { data: back } = readNow(writeCheckpoint({ data, ["__proto__"]: 4, n: 5 }).bytes(), { data });
  expect(back).toStrictEqual({ data, ["__proto__"]: 4, n: 5 });
  expect(Object.getOwnPropertyDescriptor(back["data"], "__proto__")!.value).toEqual({ polluted: true });
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test.each([
  ["a function", { schedule: () => 1 }, "extra.schedule: got a function (schedule), expected plain values"],
  ["an object of a class", { when: new Date(0) }, "extra.when: got an object of Date"],
  ["a symbol", { s: Symbol("s") }, "extra.s: got Symbol(s)"],
  [
    "a loop",
    (() => {
      const loop: Record<string, unknown> = {};
      loop["again"] = loop;
      return loop;
    })(),
    "deeper nesting",
  ],
])("refuses to save %s", (_, extra, message) => {
  expect(() => writeCheckpoint({ extra })).toThrow(message);
});

test.each([null, 1, [], parameters(), new Random(1)])("refuses %s for parts", (parts) => {
  expect(() => writeCheckpoint(parts as never)).toThrow("parts: got");
  expect(() => readNow(writeCheckpoint({}).bytes(), parts as never)).toThrow("parts: got");
});

test("parameters may have any name, and two models the same ones", () => {
  const shapes = {
    ["__proto__"]: [2],
    __metadata__: [3],
    constructor: [4],
    "a/b": [1],
    a: [2, 2],
    "optimizer/a/exp_avg": [2, 2],
    $tensor: [1],
    "": [2],
    state: [2],
  } as unknown as Record<string, number[]>;
  const make = () => {
    const [one, two] = [parameters(shapes), parameters(shapes)];
    return { one, two, optimizer: new AdamW(one), other: new Lion(two) };
  };
  const [saved, loaded] = [make(), make()];
  for (let t = 0; t < 3; t++) {
    step(saved.one, saved.optimizer, t);
    step(saved.two, saved.other, 2 * t);
  }
  const file = writeCheckpoint(saved);
  expect(readNow(file.bytes(), loaded)).toMatchObject({ missing: [], unexpected: [], misshapen: [], changed: [] });
  expect([values(loaded.one), values(loaded.two)]).toEqual([values(saved.one), values(saved.two)]);
  expect(loaded.optimizer.stateDict()).toEqual(saved.optimizer.stateDict());
  expect(loaded.other.stateDict()).toEqual(saved.other.stateDict());
  const names = [...readSync(file.bytes(), readingTensors).tensors.keys()];
  expect(names).toContain("a");
  expect(names).toContain("two/a");
  expect(names).toContain("__metadata__~1");
  expect(names).toContain("optimizer/a/exp_avg~1");
});

test("objects of yours are saved and loaded as they are, and options reach them", () => {
  const seen: unknown[] = [];
  const mine = {
    stateDict: () => ({ history: Float32Array.of(1, 2), best: Infinity, indices: Uint32Array.of(3) }),
    loadStateDict: (...given: unknown[]) => void seen.push(...given),
  };
  readNow(writeCheckpoint({ mine }).bytes(), { mine }, { strict: false });
  expect(seen).toEqual([mine.stateDict(), { strict: false }]);
});

test("parts in place are given arrays that have not been read yet, and only of float32", () => {
  const target = new Float32Array(2);
  let given: { a: DeferredArray; n: Uint32Array } | undefined;
  const mine = {
    stateInPlace: true,
    stateDict: () => ({ a: Float32Array.of(1, 2), n: Uint32Array.of(3) }),
    loadStateDict: (saved: { a: DeferredArray; n: Uint32Array }) => {
      given = saved;
      saved.a.readInto(target);
      expect([...target]).toEqual([0, 0]);
    },
  };
  readNow(writeCheckpoint({ mine }).bytes(), { mine });
  expect(given!.a).toBeInstanceOf(DeferredArray);
  expect(given!.n).toEqual(Uint32Array.of(3));
  expect([...target]).toEqual([1, 2]);
});

describe("what does not fit", () => {
  const saved = makeRun();
  train(saved, 0, 4);
  const file = writeCheckpoint({ ...saved.parts, epoch: 3 }).bytes();
  const state = (run: { parts: object }) => writeCheckpoint(run.parts as Record<string, unknown>).bytes();

  test("throws by default and changes nothing, wherever it is found", () => {
    const run = makeRun();
    train(run, 0, 1);
    const { model, optimizer, average, random } = run.parts;
    const smaller = parameters({ "fc.weight": [4, 3], "fc.other": [3] });
    const untouched = values(smaller);
    const before = state(run);
    const refused: [object, string][] = [
      [{ model, optimizer, average }, "checkpoint: unexpected random"],
      [{ ...run.parts, more: new Random(1) }, "checkpoint: missing more"],
      [{ ...run.parts, random: 1 }, 'random: got "state in the file", expected data'],
      [{ ...run.parts, model: random }, 'model: got "parameters in the file", expected state'],
      [
        { ...run.parts, model: smaller },
        "checkpoint: missing model/fc.other; unexpected model/fc.bias; misshapen model/fc.weight: got [3, 4], expected [4, 3]",
      ],
      [{ ...run.parts, average: new Lookahead(new AdamW(smaller)) }, "state.since: got undefined"],
      [{ ...run.parts, optimizer: new Lookahead(new Lion(model)) }, 'state.optimizer: got "AdamW", expected "Lion"'],
      [
        { ...run.parts, optimizer: new Lookahead(new AdamW(model, { amsgrad: true })) },
        "missing fc.weight/max_exp_avg_sq",
      ],
      [{ random, model, optimizer, average: new EMA(smaller) }, "average.fc.weight: got [3, 4], expected [4, 3]"],
    ];
    for (const [parts, message] of refused) expect(() => readNow(file, parts), message).toThrow(message);
    expect(state(run)).toEqual(before);
    expect(values(smaller)).toEqual(untouched);
  });

  test("what was loaded before a part of yours throws is put back", () => {
    const run = makeRun();
    train(run, 0, 1);
    const before = state(run);
    const parts = {
      ...run.parts,
      mine: {
        stateDict: () => 1,
        loadStateDict: () => {
          throw new Error("mine");
        },
        stateInPlace: true,
      },
    };
    const withMine = writeCheckpoint({ ...saved.parts, mine: parts.mine }).bytes();
    expect(() => readNow(withMine, parts)).toThrow("mine");
    expect(state(run)).toEqual(before);
    train(run, 1, 3);
  });

  test("is reported where not strict, and the rest is loaded", () => {
    const params = parameters({ "fc.weight": [3, 4], "fc.bias": [2], "fc.other": [5] });
    const inner = new AdamW(params, { lr: 0.2, weightDecay: 0.1 });
    const source = parameters();
    const adamw = new AdamW(source, { lr: 0.1, weightDecay: 0.1 });
    step(source, adamw, 0);
    const bytes = writeCheckpoint({ model: source, optimizer: adamw, extra: 1, gone: new Random(1) }).bytes();
    const report = readNow(bytes, { model: params, optimizer: inner, more: new Random(1) }, { strict: false });
    expect(report).toEqual({
      missing: ["more", "model/fc.other", "optimizer/fc.other/exp_avg", "optimizer/fc.other/exp_avg_sq"],
      unexpected: ["gone"],
      misshapen: [
        "model/fc.bias: got [3], expected [2]",
        "optimizer/fc.bias/exp_avg: got 3 elements, expected 2",
        "optimizer/fc.bias/exp_avg_sq: got 3 elements, expected 2",
      ],
      changed: ["optimizer/group 0: lr"],
      data: { extra: 1 },
    });
    expect(values(params)[0]).toEqual(values(source)[0]);
    expect(inner.stateDict().state["fc.weight"]).toEqual(adamw.stateDict().state["fc.weight"]);
  });

  test("other files are told apart from checkpoints, and other versions from this one", () => {
    const { parts } = makeRun();
    const plain = new Safetensors([["fc.bias", { data: new Float32Array(3) }]]).bytes();
    expect(() => readNow(plain, parts)).toThrow(
      'file: got "no simd-optim metadata", expected "a checkpoint'.slice(0, 40),
    );
    const newer = tampered(file, (manifest) => manifest.replace('"version":1', '"version":2'));
    expect(() => readNow(newer, parts)).toThrow("simd-optim: got 2, expected version 1");
    expect(() => readNow(file, parts, { strikt: true } as never)).toThrow("readCheckpoint.strikt");
  });

  test.each([
    [
      "deep",
      '"epoch":{"kind":"data","tree":3}',
      `"epoch":{"kind":"data","tree":${"[".repeat(99)}${"]".repeat(99)}}`,
      "levels of nesting",
    ],
    ["twice", '"epoch":{"kind":"data","tree":3}', '"epoch":{"kind":"data","tree":{"a":1,"a":2}}', "each key once"],
    ["of no kind", '"kind":"data"', '"kind":"code"', "expected tensors of parameters, or the tree of a state"],
    ["of tensors that are numbers", '"fc.bias":"fc.bias"', '"fc.bias":3', "expected tensors of parameters"],
    ["with a tensor that is not there", '{"$tensor":"average/average/fc.bias"}', '{"$tensor":"x"}', 'state: got "x"'],
    ["with an unknown word", '"tree":3', '"tree":{"$":"eval"}', 'state: got "a value \\"eval\\""'],
    ["with an unknown key", '"tree":3', '"tree":{"$code":"eval","a":1}', "expected none of that name"],
    ["with steps that are text", '"step":4', '"step":"4"', 'state.step: got "4"'],
    [
      "with a parameter ahead of its optimizer",
      '"steps":{"fc.weight":4',
      '"steps":{"fc.weight":5',
      "state.steps.fc.weight: got 5",
    ],
    ["with groups that are none", '"groups":[', '"groups":[null,', "state.groups[0]: got null"],
    ["with foreign numbers", '"numbers":{}', '"numbers":{"x":1}', "state.groups[0].numbers.x: got 1"],
    [
      "with arrays that only look like some",
      '{"$tensor":"average/average/fc.bias"}',
      '{"length":3}',
      "average.fc.bias: got an object of Object, expected floats",
    ],
    ["with an average of -1 updates", '"updates":4', '"updates":-1', "state.updates: got -1"],
    ["with a position of 0.5", '"position":4', '"position":0.5', "state.position: got 0.5"],
  ])("a manifest %s is refused", (_, from, to, message) => {
    const run = makeRun();
    train(run, 0, 1);
    const before = state(run);
    const bad = tampered(file, (manifest) => {
      expect(manifest).toContain(from);
      return manifest.replace(from, to);
    });
    expect(() => readNow(bad, run.parts)).toThrow(message);
    expect(state(run)).toEqual(before);
  });
});

test("memory that grows before the file is written is noticed", () => {
  const run = makeRun();
  const file = writeCheckpoint(run.parts);
  rt.tensor([rt.heap.capacity / 4]).dispose();
  expect(() => file.bytes()).toThrow("memory grew while writing");
  expect(writeCheckpoint(run.parts).bytes()).toHaveLength(file.size);
});

test("a hundred thousand damaged files, five thousand in `npm test`, give a clear error or load, and an error changes nothing", () => {
  const params = parameters();
  const parts = { model: params, optimizer: new NAdam(params), random: new Random(3) };
  for (let t = 0; t < 3; t++) step(params, parts.optimizer, t);
  const file = writeCheckpoint({ ...parts, data: [1, Infinity] }).bytes();
  const header = Number(new DataView(file.buffer).getBigUint64(0, true));
  const random = new Random(11, "damage");
  let [before, loaded] = [writeCheckpoint(parts).bytes(), 0];
  const syntax = new TextEncoder().encode('{}[]",:\\0123456789.-eE$n\u0000 ');
  for (let i = 0; i < swept(100_000, 5_000); i++) {
    const bad = file.slice(0, random.below(16) === 0 ? random.below(file.length) : file.length);
    for (let changes = 1 + random.below(3); changes > 0 && bad.length > 0; changes--) {
      const at = random.below(Math.min(bad.length, random.below(8) === 0 ? 8 : 8 + header));
      const kind = random.below(4);
      if (kind === 0) bad[at]! ^= 1 << random.below(8);
      else if (kind === 1) bad[at] = syntax[random.below(syntax.length)]!;
      else if (kind === 2) bad[at] = random.below(256);
      else bad.copyWithin(at, 8 + random.below(header), 8 + random.below(header));
    }
    try {
      readNow(bad, parts);
      loaded++;
      before = writeCheckpoint(parts).bytes();
    } catch (error) {
      if ((error as Error).name !== "SimdOptimError") throw error;
      // Every hundredth time: looking takes longer than loading.
      if (i % 100 === 0) expect(writeCheckpoint(parts).bytes()).toEqual(before);
    }
  }
  expect(writeCheckpoint(parts).bytes()).toEqual(before);
  expect(loaded).toBeGreaterThan(100);
});

test("a head that the file lacks begins with a first step beside a body that goes on", () => {
  const body = parameters({ body: [3, 4] });
  const old = new AdamW(body, { lr: 0.1 });
  for (let t = 0; t < 5; t++) step(body, old, t);
  const bytes = writeCheckpoint({ model: body, optimizer: old }).bytes();
  const both = parameters({ body: [3, 4], head: [2] });
  const optimizer = new AdamW(both, { lr: 0.1, weightDecay: 0 });
  const report = readNow(bytes, { model: both, optimizer }, { strict: false });
  expect(report.missing).toEqual(["model/head", "optimizer/head/exp_avg", "optimizer/head/exp_avg_sq"]);
  expect(optimizer.stateDict().steps).toEqual({ body: 5, head: 0 });
  const before = both.get("head").data.slice();
  both.get("head").grad.fill(0.25);
  optimizer.step();
  // Adam's first step is lr, whatever the gradient.
  for (const [i, value] of both.get("head").data.entries()) expect(before[i]! - value).toBeCloseTo(0.1, 6);
});
