/** Every kernel of the table gives the same bits under every backend, writes only its outputs, and stays in bounds. */
import { expect, test } from "vitest";
import type { Kernel } from "../../src/kernels/row.ts";
import { type KernelName, kernelNames, kernelTable } from "../../src/kernels/table.ts";
import { Random } from "../../src/tensor/random.ts";
import { type Call, casesOf, drawCall, fewCasesOf } from "../support/kernelCalls.ts";
import { canonicalBits, loadAll } from "../support/runtimes.ts";
import { swept } from "../support/sweep.ts";

const runtimes = await loadAll();
const WORDS = 1 << 19;
const [POINTER] = new Set(runtimes.map((runtime) => runtime.heap.allocate(4 * WORDS).pointer)) as unknown as [number];

interface Outcome {
  readonly result: number | undefined;
  readonly after: Uint32Array;
}

function runEverywhere(name: KernelName, call: Call): Outcome[] {
  return runtimes.map(({ kernels, heap }) => {
    const start = POINTER / 4;
    heap.views.u32.set(call.image, start);
    const result = (kernels[name] as (...values: number[]) => number | undefined)(...call.values);
    const after = heap.views.u32.slice(start, start + call.image.length);
    for (const { start, end, compared } of call.writable) if (!compared) after.fill(0, start, end);
    return { result, after: canonicalBits(after) };
  });
}

function firstDifference(a: Uint32Array, b: Uint32Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

/** Words outside the outputs that a call changed. */
function strayWrites({ image, writable }: Call, after: Uint32Array): number[] {
  const before = canonicalBits(image);
  const stray: number[] = [];
  for (let i = 0; i < after.length; i++) {
    if (after[i] !== before[i] && !writable.some(({ start, end }) => i >= start && i < end)) stray.push(i);
  }
  return stray;
}

test.each(kernelNames)("%s: simd, scalar and reference agree to the bit", (name) => {
  const kernel: Kernel = kernelTable[name];
  const random = new Random(1, name);
  let count = 0;
  const faults: string[] = [];
  for (const sizes of swept(casesOf, fewCasesOf)(kernel, random)) {
    const call = drawCall(kernel, sizes, POINTER, random, count++ % 2 === 0);
    const [simd, ...others] = runEverywhere(name, call) as [Outcome, ...Outcome[]];
    for (const [i, other] of others.entries()) {
      const where = () => `${runtimes[i + 1]!.backend} ${JSON.stringify(sizes)} ${call.values}`;
      if (!Object.is(other.result, simd.result)) faults.push(`${where()}: ${other.result}, simd ${simd.result}`);
      const differing = firstDifference(other.after, simd.after);
      if (differing >= 0) faults.push(`${where()}: word ${differing}`);
    }
    const stray = strayWrites(call, simd.after);
    if (stray.length > 0) faults.push(`${JSON.stringify(sizes)}: writes at ${stray}`);
  }
  expect(faults).toEqual([]);
});
