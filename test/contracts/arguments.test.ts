/** Bad arguments, for everything that the package exports: refused by name, before anything is written. */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { jaxOptimizer } from "../../src/adapters/jax.ts";
import * as main from "../../src/index.ts";
import * as node from "../../src/node/index.ts";
import { Optimizer } from "../../src/optim/define/optimizer.ts";
import { Parameters } from "../../src/tensor/parameters.ts";
import { View } from "../../src/tensor/tensor.ts";
import {
  argumentsOf,
  type ClassCalls,
  classes,
  functions,
  instances,
  left,
  ofPasses,
  optimizerCalls,
} from "../support/calls.ts";
import { faultOf, spoilings, twoRuntimes } from "../support/spoil.ts";

// biome-ignore lint/suspicious/noExplicitAny: exports of every signature there is.
type Any = any;

const [rt, other] = await twoRuntimes();

/** Every function and class that is exported, namespaces opened. */
const exported = new Map<string, Any>();
for (const [name, value] of Object.entries({ ...main, node, jaxOptimizer })) {
  if (typeof value === "function") exported.set(name, value);
  else if (value !== null && Object.prototype.toString.call(value) === "[object Module]") {
    for (const [key, inner] of Object.entries(value)) exported.set(`${name}.${key}`, inner);
  }
}
// The same object may have two names.
for (const name of [...exported.keys()]) if (exported.get(name) === exported.get(`init.${name}`)) exported.delete(name);

const isClass = (value: unknown) => /^class\b/.test(String(value));
const isOptimizer = (value: Any) => isClass(value) && value.prototype instanceof Optimizer;

function callsOf(name: string): ClassCalls | undefined {
  return isOptimizer(exported.get(name)) ? optimizerCalls(name) : classes[name];
}

/** Methods that take arguments. */
function methodsOf(Class: Any): string[] {
  const found = new Set<string>();
  for (let p = Class.prototype; p && p !== Object.prototype; p = Object.getPrototypeOf(p)) {
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(p)) as [string, Any][]) {
      if (key === "constructor" || typeof value !== "function" || ofPasses.includes(key)) continue;
      if (!/^(async )?\*?\s*[\w$]+\s*\(\s*\)/.test(String(value))) found.add(key);
    }
  }
  return [...found];
}

/** Records whose keys are names of the user's, or that may have more: one key more is no fault. */
const names = new Set([
  ...["batchNorm 3", "instanceNorm 3", "SVRG.epoch 0", "Monitor.record 0", "Monitor.record 1.metrics", "groupsBy 1.0"],
  ...["mup 1", "mupGroups 1", "wrap 1", "wrap 1.weight", "runtime.parameters 0", "readCheckpoint 1"],
  ...["writeCheckpoint 0", "writeCheckpoint 0.data", "node.saveCheckpoint 1"],
]);
/** What takes values of several kinds, of which the good call has one. */
const anything = new Set([
  ...["batchNorm 3", "instanceNorm 3", "Monitor.record 0.applied", "mupGroups 1.fc.bias", "parameters.where 0"],
  ...["runtime.parameters 0.fc.bias", "runtime.parameters 0.fc.weight", "wrap 1.weight"],
  ...["writeCheckpoint 0.data", "writeCheckpoint 0.model", "node.saveCheckpoint 1.model"],
]);

const functionNames = [...exported].filter(([name, value]) => !isClass(value) && !(name in left)).map(([name]) => name);
const classNames = [...exported].filter(([name, value]) => isClass(value) && !(name in left)).map(([name]) => name);

test("every export and every method has a call, or a reason to have none", () => {
  const missing = [
    ...functionNames.filter((name) => !functions[name]),
    ...classNames.filter((name) => !callsOf(name)),
    ...classNames.flatMap((name) =>
      methodsOf(exported.get(name))
        .filter((method) => !(method in (callsOf(name)?.methods ?? {})))
        .map((method) => `${name}.${method}`),
    ),
  ];
  expect(missing).toEqual([]);
});

async function faultsOf(title: string, make: () => readonly unknown[], run: (args: readonly unknown[]) => unknown) {
  const faults: string[] = [];
  for (const spoiling of spoilings(title, make, rt, other, { names, anything })) {
    const fault = await faultOf(run, spoiling);
    if (fault) faults.push(fault);
  }
  return faults;
}

/** Good arguments of a method, and a call of it on an instance that is new. */
function methodCall(name: string, method: string): [() => readonly unknown[], (args: readonly unknown[]) => unknown] {
  const Class = exported.get(name);
  const calls = callsOf(name)!;
  const make = () => (method === "withLookahead" && !Class.spec.lookahead ? [] : calls.methods![method]!(rt));
  return [
    make,
    (args) => {
      const instance = new Class(...calls.new(rt));
      if (method === "withLookahead" && !Class.spec.lookahead) return undefined;
      if (method === "backward") instance.forward(rt.tensor([5, 3]));
      if (method === "withEvalParams") instance.update?.();
      if (method === "step") instance.ascend?.();
      const [first, ...rest] = args;
      const given = method === "loadStateDict" && first === undefined ? instance.stateDict() : first;
      return instance[method](given, ...rest);
    },
  ];
}

describe("functions", () => {
  test.each(functionNames.filter((name) => functions[name]))("%s", async (name) => {
    const callee = exported.get(name);
    const make = () => argumentsOf(name, rt);
    await callee(...make());
    expect(await faultsOf(name, make, (args) => callee(...args))).toEqual([]);
  });
});

describe("instances", () => {
  test.each(Object.keys(instances))("%s", async (name) => {
    const { run } = instances[name]!(rt);
    await run(...instances[name]!(rt).args);
    expect(
      await faultsOf(
        name,
        () => instances[name]!(rt).args,
        (args) => run(...args),
      ),
    ).toEqual([]);
  });
});

/** The keys that lead to each value in a state. */
function leavesOf(state: unknown, path: string[] = []): string[][] {
  if (state === null || typeof state !== "object" || ArrayBuffer.isView(state)) return [path];
  return [
    ...(path.length > 0 ? [path] : []),
    ...Object.entries(state).flatMap(([key, item]) => leavesOf(item, [...path, key])),
  ];
}

describe("a saved state with anything in the place of anything is taken whole, or refused and nothing changes", () => {
  const stateful = classNames.filter(
    (name) => isOptimizer(exported.get(name)) || callsOf(name)?.methods?.["loadStateDict"],
  );
  test.each(stateful)("%s", (name) => {
    const instance = new (exported.get(name))(...callsOf(name)!.new(rt));
    instance.step?.call(instance, name === "SpikeGuard" ? { loss: 1 } : undefined);
    instance.update?.();
    const before = instance.stateDict();
    const faults: string[] = [];
    for (const path of leavesOf(before)) {
      for (const bad of [undefined, null, -1, 0.5, Number.NaN, "x", [], {}, [null], new Float32Array(1), () => 1]) {
        try {
          instance.loadStateDict(
            withTensor(before, path, bad),
            ...(isOptimizer(exported.get(name)) ? [{ strict: false }] : []),
          );
        } catch (error) {
          const what = `${path.join(".")} = ${String(bad)}`;
          if (!(error instanceof main.SimdOptimError)) faults.push(`${what} ends in ${error}`);
          else if (!isDeepStrictEqual(instance.stateDict(), before)) faults.push(`${what} is refused after a change`);
        }
        instance.loadStateDict(before);
        if (!isDeepStrictEqual(instance.stateDict(), before))
          faults.push(`${path.join(".")} = ${String(bad)} is for ever`);
      }
    }
    expect(faults).toEqual([]);
  });
});

/** Where tensors are among arguments, as keys that lead there. */
function placesOf(args: unknown, path: string[] = []): string[][] {
  if (args instanceof View) return [path];
  if (args === null || typeof args !== "object" || path.length > 2 || args instanceof Parameters) return [];
  return Object.entries(args).flatMap(([key, item]) => placesOf(item, [...path, key]));
}

const at = (args: Any, path: readonly string[]): Any => path.reduce((value, key) => value[key], args);

function withTensor(args: readonly Any[], path: readonly string[], view: Any): readonly Any[] {
  const [key, ...rest] = path as [string, ...string[]];
  const copy: Any = Array.isArray(args) ? [...args] : { ...(args as Any) };
  copy[key] = rest.length > 0 ? withTensor(copy[key], rest, view) : view;
  return copy;
}

const bits = (view: Any) => [...new Uint32Array(view.data.slice().buffer)];

describe("two arguments in one place are refused, or make no difference", () => {
  const several = functionNames.filter((name) => functions[name] && placesOf(argumentsOf(name, rt)).length > 1);
  test.each(several)("%s", async (name) => {
    const callee = exported.get(name);
    const places = placesOf(argumentsOf(name, rt));
    const args = argumentsOf(name, rt);
    const before = places.map((place) => bits(at(args, place)));
    await callee(...args);
    const written = places.filter((place, i) => String(bits(at(args, place))) !== String(before[i]));
    const faults: string[] = [];
    for (const place of written) {
      for (const twin of places) {
        const apart = argumentsOf(name, rt);
        const [one, two] = [at(apart, place), at(apart, twin)];
        if (place === twin || one.size !== two.size || one.type !== two.type) continue;
        one.data.set(two.data);
        await callee(...apart);
        const fresh = argumentsOf(name, rt);
        const same = withTensor(fresh, place, at(fresh, twin).reshape(one.shape));
        try {
          await callee(...same);
        } catch (error) {
          if (!(error instanceof main.SimdOptimError)) throw error;
          continue;
        }
        const differs = written.some((other) => String(bits(at(apart, other))) !== String(bits(at(same, other))));
        if (differs) faults.push(`${place.join(".")} in the place of ${twin.join(".")}`);
      }
    }
    expect(faults).toEqual([]);
  });
});

/**
 * What a call leaves behind when memory runs out at its first allocation, its second, and so on, until it has all it
 * asks for: nothing may be held that was not before.
 */
async function leaksOf(make: () => readonly unknown[], run: (args: readonly unknown[]) => unknown): Promise<string[]> {
  const { heap } = rt;
  const allocate = heap.allocate;
  await run(make()); // The workspace has grown by then, and stays.
  const leaks: string[] = [];
  for (let failing = 1; ; failing++) {
    const args = make();
    const before = heap.used;
    let count = 0;
    heap.allocate = (bytes) => {
      if (++count === failing) throw new main.SimdOptimError("OUT_OF_MEMORY", "out of memory, for the test");
      return allocate.call(heap, bytes);
    };
    try {
      await run(args);
    } catch (error) {
      if ((error as Any).code !== "OUT_OF_MEMORY") throw error;
    } finally {
      heap.allocate = allocate;
    }
    if (count < failing) return leaks;
    if (heap.used !== before) leaks.push(`allocation ${failing}: ${heap.used - before} bytes`);
  }
}

describe("nothing is held after running out of memory", () => {
  test.each(functionNames.filter((name) => functions[name]))("%s", async (name) => {
    expect(
      await leaksOf(
        () => argumentsOf(name, rt),
        (args) => exported.get(name)(...args),
      ),
    ).toEqual([]);
  });
  test.each(classNames.filter((name) => callsOf(name)))("new %s", async (name) => {
    const Class = exported.get(name);
    expect(
      await leaksOf(
        () => callsOf(name)!.new(rt),
        (args) => new Class(...args),
      ),
    ).toEqual([]);
  });
});

describe("classes", () => {
  test.each(classNames.filter((name) => callsOf(name)))("new %s", async (name) => {
    const Class = exported.get(name);
    const calls = callsOf(name)!;
    const make = () => calls.new(rt);
    const faults = await faultsOf(name, make, (args) => new Class(...args));
    for (const method of Object.keys(calls.methods ?? {})) {
      const found = await faultsOf(`${name}.${method}`, ...methodCall(name, method));
      faults.push(...found.map((fault) => `${method}: ${fault}`));
    }
    expect(faults).toEqual([]);
  });
});
