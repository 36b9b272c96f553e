/** Calls of the kernels of the table, drawn at random: numbers of every magnitude, at misaligned places. */

import type { Scalar, Sizes } from "../../src/kernels/row.ts";
import { builtKernels, type KernelName, kernelTable, type ListedKernel } from "../../src/kernels/table.ts";
import { bytesOf } from "../../src/memory/elementType.ts";
import { Random } from "../../src/tensor/random.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { canonicalBits } from "./runtimes.ts";

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

export interface Call {
  readonly values: number[];
  readonly image: Uint32Array;
  /** Word ranges that the kernel may change, and whether what is in them afterwards means anything. */
  readonly writable: { start: number; end: number; compared: boolean }[];
}

/** Lays the operands out at misaligned places after `pointer`, with random words between them. */
export function drawCall(kernel: ListedKernel, sizes: Sizes, pointer: number, random: Random, specials: boolean): Call {
  const image = new Uint32Array(
    kernel.args.reduce((sum, arg) => sum + (arg.kind === "operand" ? 2 * arg.length(sizes) + 16 : 0), 0),
  );
  const writable: Call["writable"] = [];
  let used = 0;
  const values = kernel.args.map((arg) => {
    if (arg.kind !== "operand") return drawScalar(arg, sizes, random);
    const words = bytesOf(arg.type) / 4;
    const start = Math.ceil((used + 4 + random.below(4)) / words) * words;
    const end = start + words * arg.length(sizes);
    const bound = arg.below?.(sizes);
    for (let i = used; i < end + 4; i++) {
      image[i] = bound !== undefined && i >= start && i < end ? random.below(bound) : drawFloat(random, specials);
    }
    if (arg.access !== "in") writable.push({ start, end, compared: arg.access !== "work" });
    used = end + 4;
    return pointer + 4 * start;
  });
  return { values, image: image.subarray(0, used), writable };
}

/** Every n from 0 to 1000 and the edges of chunks, or 100 draws of several sizes. */
function* casesOf(kernel: ListedKernel, random: Random): Generator<Sizes> {
  if (kernel.sizes) {
    for (let i = 0; i < 100; i++) yield kernel.sizes.random((bound) => random.below(Math.max(bound, 1)));
  } else {
    for (let n = 0; n <= 1000; n++) yield { n };
    for (const n of [1023, 1024, 1025, 2047, 2048, 2049, 5000]) yield { n };
  }
}

/** Of the same cases, what takes a thirtieth of the time: every way that lanes are filled, and edges; or 15 draws. */
function* fewCasesOf(kernel: ListedKernel, random: Random): Generator<Sizes> {
  if (kernel.sizes) {
    for (let i = 0; i < 15; i++) yield kernel.sizes.random((bound) => random.below(Math.max(bound, 1)));
  } else {
    for (let n = 0; n <= 40; n++) yield { n };
    for (const n of [63, 64, 65, 127, 255, 1000, 1023, 1024, 1025, 2047, 2048, 2049]) yield { n };
  }
}

/** How much of a fuzz: the whole, or what `npm test` has time for. */
export type Extent = "whole" | "few";

/** The fuzz of a kernel: every call, in order. The same for everyone, so that its outcomes can be pinned. */
export function* callsOf(name: KernelName, pointer: number, extent: Extent): Generator<Call> {
  const kernel: ListedKernel = kernelTable[name];
  const random = new Random(1, name);
  let count = 0;
  for (const sizes of (extent === "whole" ? casesOf : fewCasesOf)(kernel, random))
    yield drawCall(kernel, sizes, pointer, random, count++ % 2 === 0);
}

/** What a call returns, and leaves in memory, but for workspaces. */
export interface Outcome {
  readonly result: number | undefined;
  readonly after: Uint32Array;
}

/** Makes a call. */
export function outcomeOf(runtime: Runtime, name: KernelName, call: Call, pointer: number): Outcome {
  const start = pointer / 4;
  const { heap } = runtime;
  heap.views.u32.set(call.image, start);
  const result = builtKernels(runtime)[name]!(...call.values);
  const after = heap.views.u32.slice(start, start + call.image.length);
  for (const { start, end, compared } of call.writable) if (!compared) after.fill(0, start, end);
  return { result, after: canonicalBits(after) };
}

/** Words of memory that any call of the fuzz fits in. */
export const CALL_WORDS = 1 << 19;
