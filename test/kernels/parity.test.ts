/** Every kernel of the table gives the same bits under every backend, writes only its outputs, and stays in bounds. */
import { expect, test } from "vitest";
import type { Kernel, Sizes } from "../../src/kernels/row.ts";
import { type KernelName, kernelNames, kernelTable } from "../../src/kernels/table.ts";
import { Random } from "../../src/tensor/random.ts";
import { type Call, drawCall } from "../support/kernelCalls.ts";
import { canonicalBits, loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const WORDS = 1 << 19;
const [POINTER] = new Set(runtimes.map((runtime) => runtime.heap.allocate(4 * WORDS).pointer)) as unknown as [number];

function runEverywhere(name: KernelName, call: Call) {
  return runtimes.map(({ kernels, heap }) => {
    const start = POINTER / 4;
    heap.views.u32.set(call.image, start);
    const result = (kernels[name] as (...values: number[]) => number | undefined)(...call.values);
    const after = heap.views.u32.slice(start, start + call.image.length);
    for (const { start, end, compared } of call.writable) if (!compared) after.fill(0, start, end);
    return { result, after: canonicalBits(after) };
  });
}

/** Words outside the outputs that a call changed. */
function strayWrites({ image, writable }: Call, after: Uint32Array): number[] {
  const before = canonicalBits(image);
  const stray: number[] = [];
  after.forEach((word, i) => {
    if (word !== before[i] && !writable.some(({ start, end }) => i >= start && i < end)) stray.push(i);
  });
  return stray;
}

/** Every n from 0 to 1000 and the edges of chunks, or 100 draws of several sizes. */
function* casesOf(kernel: Kernel, random: Random): Generator<Sizes> {
  if (kernel.sizes) {
    for (let i = 0; i < 100; i++) yield kernel.sizes.random((bound) => random.below(Math.max(bound, 1)));
  } else {
    for (let n = 0; n <= 1000; n++) yield { n };
    for (const n of [1023, 1024, 1025, 2047, 2048, 2049, 5000]) yield { n };
  }
}

test.each(kernelNames)("%s: simd, scalar and reference agree to the bit", (name) => {
  const kernel: Kernel = kernelTable[name];
  const random = new Random(1, name);
  let count = 0;
  for (const sizes of casesOf(kernel, random)) {
    const call = drawCall(kernel, sizes, POINTER, random, count++ % 2 === 0);
    const [simd, ...others] = runEverywhere(name, call);
    for (const [i, other] of others.entries()) {
      const where = `${runtimes[i + 1]!.backend} ${JSON.stringify(sizes)} ${call.values}`;
      expect(Object.is(other.result, simd!.result), `result of ${where}: ${other.result}, simd ${simd!.result}`).toBe(
        true,
      );
      const differing = other.after.findIndex((word, at) => word !== simd!.after[at]);
      expect(differing, where).toBe(-1);
    }
    expect(strayWrites(call, simd!.after), JSON.stringify(sizes)).toEqual([]);
  }
});
