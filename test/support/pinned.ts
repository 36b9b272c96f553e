/** Digests of results: what test/bits.json pins, and how it is computed. Bits are API. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type KernelName, kernelNames } from "../../src/kernels/table.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { CALL_WORDS, callsOf, type Extent, type Outcome, outcomeOf } from "./kernelCalls.ts";
import { bitsOf } from "./runtimes.ts";
import { type Variant, variants } from "./specs.ts";
import { run, smallParameters } from "./training.ts";

export const PINS = new URL("../bits.json", import.meta.url);

/** Digests by the name of a kernel, over both extents of its fuzz, and by the title of an optimizer with options. */
export interface Pins {
  readonly kernels: Readonly<Record<string, string>>;
  readonly few: Readonly<Record<string, string>>;
  readonly optimizers: Readonly<Record<string, string>>;
}

export function readPins(): Pins {
  return JSON.parse(readFileSync(PINS, "utf8"));
}

/** Steps of the run that an optimizer's digest is of. */
const STEPS = 50;

/** A digest of results in order. */
export class Digest {
  readonly #hash = createHash("sha256");

  add(words: Uint32Array): void {
    this.#hash.update(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  }

  /** Float64 bits, with every NaN made the same. */
  addNumber(value: number): void {
    this.add(Number.isNaN(value) ? Uint32Array.of(0, 0x7ff80000) : new Uint32Array(new Float64Array([value]).buffer));
  }

  addOutcome({ result, after }: Outcome): void {
    if (result !== undefined) this.addNumber(result);
    this.add(after);
  }

  /** 64 bits of it: enough to see a change, and short enough to read. */
  text(): string {
    return this.#hash.digest("hex").slice(0, 16);
  }
}

/** The digest of a kernel over the fuzz of its calls. */
export function kernelDigest(runtime: Runtime, name: KernelName, extent: Extent): string {
  const digest = new Digest();
  const block = runtime.heap.allocate(4 * CALL_WORDS);
  for (const call of callsOf(name, block.pointer, extent)) {
    digest.addOutcome(outcomeOf(runtime, name, call, block.pointer));
  }
  block.release();
  return digest.text();
}

/** The digest of an optimizer's parameters and state after a run. */
export function optimizerDigest(runtime: Runtime, { Optimizer, options }: Variant): string {
  const digest = new Digest();
  const params = smallParameters(Optimizer, runtime);
  const optimizer = new Optimizer(params, options);
  run(params, optimizer, 0, STEPS);
  for (const { data } of params) digest.add(bitsOf(data));
  const { state, groups } = optimizer.stateDict();
  for (const slots of Object.values(state)) for (const array of Object.values(slots)) digest.add(bitsOf(array));
  for (const { numbers } of groups) for (const number of Object.values<number>(numbers)) digest.addNumber(number);
  optimizer.dispose();
  params.dispose();
  return digest.text();
}

function ofKernels(runtime: Runtime, extent: Extent): Readonly<Record<string, string>> {
  return Object.fromEntries([...kernelNames].sort().map((name) => [name, kernelDigest(runtime, name, extent)]));
}

/** Every digest there is. */
export function computePins(runtime: Runtime): Pins {
  return {
    kernels: ofKernels(runtime, "whole"),
    few: ofKernels(runtime, "few"),
    optimizers: Object.fromEntries(
      variants.map((variant) => [variant.title, optimizerDigest(runtime, variant)] as const).sort(byTitle),
    ),
  };
}

function byTitle([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
