/**
 * Every kernel of the table gives the same bits under every backend, the bits that test/bits.json pins, writes only its
 * outputs, and stays in bounds. A kernel and its twin that change together agree still: that is what the pins are for.
 */
import { expect, test } from "vitest";
import { type Kernel, sizesOf } from "../../src/kernels/row.ts";
import { kernelNames, kernelTable } from "../../src/kernels/table.ts";
import { CALL_WORDS, type Call, callsOf, outcomeOf } from "../support/kernelCalls.ts";
import { Digest, readPins } from "../support/pinned.ts";
import { canonicalBits, loadAll } from "../support/runtimes.ts";

const runtimes = await loadAll();
const { kernels: pins } = readPins();
const [POINTER] = new Set(runtimes.map((runtime) => runtime.heap.allocate(4 * CALL_WORDS).pointer)) as unknown as [
  number,
];

/** Words outside the outputs that a call changed. */
function strayWrites({ image, writable }: Call, after: Uint32Array): number[] {
  const before = canonicalBits(image);
  const stray: number[] = [];
  after.forEach((word, i) => {
    if (word !== before[i] && !writable.some(({ start, end }) => i >= start && i < end)) stray.push(i);
  });
  return stray;
}

test.each(kernelNames)("%s: simd, scalar and reference agree to the bit", (name) => {
  const kernel: Kernel = kernelTable[name];
  const digest = new Digest();
  for (const call of callsOf(name, POINTER)) {
    const sizes = sizesOf(kernel.args, call.values);
    const [simd, ...others] = runtimes.map((runtime) => outcomeOf(runtime, name, call, POINTER));
    digest.addOutcome(simd!);
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
  expect(digest.text(), 'other bits: see "npm run bits"').toBe(pins[name]);
});

test("every kernel is pinned, and nothing else", () => {
  expect(Object.keys(pins).sort()).toEqual([...kernelNames].sort());
});
