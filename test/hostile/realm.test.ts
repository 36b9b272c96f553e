/** Realms whose built-in objects cannot be written to. Uses the build, in processes of their own. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const root = new URL("../..", import.meta.url).pathname;

const train = `
  const { AdamW, clipGradNorm, Linear, load, Lookahead, Network, schedules, SimdOptimError } = await import("simd-optim");
  const results = [];
  for (const backend of ["simd", "scalar", "reference"]) {
    const rt = await load({ backend });
    const params = rt.parameters({ weight: [5, 7], constructor: [5] });
    const opt = new Lookahead(new AdamW(params, { lr: schedules.warmup(schedules.constant(0.1), 2) }), { k: 2 });
    for (let i = 0; i < 3; i++) {
      for (const { grad } of params) grad.fill(i - 0.5);
      clipGradNorm(params, 1);
      opt.step();
    }
    opt.loadStateDict(opt.stateDict());
    try { rt.tensor([-1]); } catch (error) { results.push(error instanceof SimdOptimError, error.name, error.code); }
    results.push(...params.get("weight").data.slice(0, 2));
  }
  console.log(JSON.stringify(results));
`;

/** Freezes whatever can be reached from the built-in objects of the language and from WebAssembly. */
const freezeAll = `
  const seen = new Set();
  const constructors = [
    Object, Function, Array, String, Number, Boolean, Symbol, BigInt, Date, RegExp, Map, Set, WeakMap, WeakSet, WeakRef,
    Promise, Proxy, Error, TypeError, RangeError, ArrayBuffer, SharedArrayBuffer, DataView, Uint8Array, Int32Array,
    Uint32Array, Float32Array, Float64Array, FinalizationRegistry,
  ];
  const queue = [...constructors, Math, JSON, Reflect, Atomics, WebAssembly, async () => {}, function* () {}];
  while (queue.length > 0) {
    const value = queue.pop();
    if (value === null || (typeof value !== "object" && typeof value !== "function") || seen.has(value)) continue;
    seen.add(value);
    queue.push(Object.getPrototypeOf(value));
    for (const { get, set, value: inner } of Object.values(Object.getOwnPropertyDescriptors(value))) {
      queue.push(get, set, inner);
    }
    if (!ArrayBuffer.isView(value)) Object.freeze(value);
  }
`;

function run(script: string, ...flags: string[]): unknown {
  const args = [...flags, "--no-warnings", "--input-type=module", "-e", script];
  return JSON.parse(execFileSync("node", args, { cwd: root, encoding: "utf8" }));
}

const usual = run(train);

test("a frozen realm changes nothing", () => {
  expect(run(freezeAll + train)).toEqual(usual);
});

test("enumerable properties that somebody put on every prototype change nothing", () => {
  const pollute = "for (const { prototype } of [Object, Array, Function]) prototype.foo = () => 1;";
  expect(run(pollute + train)).toEqual(usual);
});

test("node --frozen-intrinsics changes nothing", () => {
  expect(run(train, "--frozen-intrinsics")).toEqual(usual);
});

test("without eval nothing is missed", () => {
  expect(run(train, "--disallow-code-generation-from-strings")).toEqual(usual);
});

test("importing the package writes to no global", () => {
  const script = `
    const before = Object.getOwnPropertyNames(globalThis);
    await import("simd-optim");
    console.log(JSON.stringify(Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name))));
  `;
  expect(run(script)).toEqual([]);
});
