/** Every kernel of the table gives the same bits under every backend, writes only its outputs, and stays in bounds. */
import { expect, test } from "vitest";
import { elementBytes, type Kernel, type Scalar, type Sizes } from "../src/kernel.ts";
import { type KernelName, kernelNames, kernelTable } from "../src/kernels.ts";
import { Random } from "../src/random.ts";
import { canonicalBits, loadAll } from "./support/runtimes.ts";

const runtimes = await loadAll();
const WORDS = 1 << 19;
const [POINTER] = new Set(runtimes.map((runtime) => runtime.heap.allocate(4 * WORDS).pointer)) as unknown as [number];

const SPECIAL = [0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f7fffff, 0x00800000];
const SCALARS = [0, 1, -1, 0.5, 0.9, 0.999, 1e-8, 3e-4, -2.75, 1e-30];

/** A float32 as bits: any exponent, or near 1, or, now and then, a special value. */
function drawFloat(random: Random, specials: boolean): number {
  const word = random.bits();
  if (specials && word % 16 === 0) return SPECIAL[random.below(SPECIAL.length)]!;
  if (word % 4 === 0) return random.bits() & 0xbfffffff;
  return (random.bits() & 0x80ffffff) | 0x3f000000;
}

function drawScalar({ kind, name }: Scalar, sizes: Sizes, random: Random): number {
  if (kind === "size") return sizes[name]!;
  return kind === "bits" ? random.bits() : SCALARS[random.below(SCALARS.length)]!;
}

interface Call {
  readonly values: number[];
  readonly image: Uint32Array;
  /** Word ranges that the kernel may change, and whether what is in them afterwards means anything. */
  readonly writable: { start: number; end: number; compared: boolean }[];
}

/** Lays the operands out at misaligned places with random words between them. */
function drawCall(kernel: Kernel, sizes: Sizes, random: Random, specials: boolean): Call {
  const image = new Uint32Array(
    kernel.args.reduce((sum, arg) => sum + (arg.kind === "operand" ? 2 * arg.length(sizes) + 16 : 0), 0),
  );
  const writable: Call["writable"] = [];
  let used = 0;
  const values = kernel.args.map((arg) => {
    if (arg.kind !== "operand") return drawScalar(arg, sizes, random);
    const words = elementBytes(arg) / 4;
    const start = Math.ceil((used + 4 + random.below(4)) / words) * words;
    const end = start + words * arg.length(sizes);
    const bound = arg.below?.(sizes);
    for (let i = used; i < end + 4; i++) {
      image[i] = bound !== undefined && i >= start && i < end ? random.below(bound) : drawFloat(random, specials);
    }
    if (arg.access !== "in") writable.push({ start, end, compared: arg.access !== "work" });
    used = end + 4;
    return POINTER + 4 * start;
  });
  return { values, image: image.subarray(0, used), writable };
}

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
    const call = drawCall(kernel, sizes, random, count++ % 2 === 0);
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
