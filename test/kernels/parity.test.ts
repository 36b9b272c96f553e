/**
 * Every kernel of the table gives the same bits under every backend, the bits that test/bits.json pins, writes only its
 * outputs, and stays in bounds. A kernel and its twin that change together agree still: that is what the pins are for.
 */
import { expect, test } from "vitest";
import { sizesOf } from "../../src/kernels/row.ts";
import { kernelNames, kernelTable } from "../../src/kernels/table.ts";
import { CALL_WORDS, type Call, callsOf, type Extent, type Outcome, outcomeOf } from "../support/kernelCalls.ts";
import { Digest, readPins } from "../support/pinned.ts";
import { canonicalBits, loadAll } from "../support/runtimes.ts";
import { swept } from "../support/sweep.ts";

const runtimes = await loadAll();
const extent = swept<Extent>("whole", "few");
const pins = readPins()[extent === "whole" ? "kernels" : "few"];
const [POINTER] = new Set(runtimes.map((runtime) => runtime.heap.allocate(4 * CALL_WORDS).pointer)) as unknown as [
  number,
];

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
  const { args } = kernelTable[name];
  const digest = new Digest();
  const faults: string[] = [];
  for (const call of callsOf(name, POINTER, extent)) {
    const [simd, ...others] = runtimes.map((runtime) => outcomeOf(runtime, name, call, POINTER)) as [Outcome, Outcome];
    digest.addOutcome(simd);
    const where = () => `${JSON.stringify(sizesOf(args, call.values))} ${call.values}`;
    for (const [i, other] of others.entries()) {
      const { backend } = runtimes[i + 1]!;
      if (!Object.is(other.result, simd.result)) {
        faults.push(`${backend} ${where()}: ${other.result}, simd ${simd.result}`);
      }
      const differing = firstDifference(other.after, simd.after);
      if (differing >= 0) faults.push(`${backend} ${where()}: word ${differing}`);
    }
    const stray = strayWrites(call, simd.after);
    if (stray.length > 0) faults.push(`${where()}: writes at ${stray}`);
  }
  expect(faults).toEqual([]);
  expect(digest.text(), 'other bits: see "npm run bits"').toBe(pins[name]);
});

test("every kernel is pinned, and nothing else", () => {
  expect(Object.keys(pins).sort()).toEqual([...kernelNames].sort());
});
