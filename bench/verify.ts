/** The check before the clock: every backend must give the same, and what it gives must make sense. */
import type { Backend } from "../src/kernels/engine.ts";
import { areOrdinary } from "./inputs.ts";
import type { Elements, Trial } from "./subject.ts";

/** A trial in the runtime of a backend. */
export interface Entrant {
  readonly backend: Backend;
  readonly trial: Trial;
}

/** Runs a filled trial once. */
export interface FirstRun extends Entrant {
  readonly result: unknown;
  readonly seconds: number;
}

export function runOnce(entrant: Entrant): FirstRun {
  entrant.trial.fill();
  const start = performance.now();
  const result = entrant.trial.run();
  return { ...entrant, result, seconds: (performance.now() - start) / 1e3 };
}

/** Throws unless all first runs gave the same bits, and ordinary values. */
export function verify(subject: string, runs: readonly FirstRun[]): void {
  const [first, ...others] = runs;
  if (first === undefined) return;
  if (!givesOrdinary(first.trial)) {
    throw new Error(`${subject}: ${first.backend} gave values that are not ordinary, from inputs that are`);
  }
  for (const other of others) {
    const same =
      (typeof first.result !== "number" || Object.is(first.result, other.result)) &&
      first.trial.outputs().every((output, i) => sameBits(output, other.trial.outputs()[i]!));
    if (!same) throw new Error(`${subject}: ${other.backend} gave other bits than ${first.backend}`);
  }
}

/** Whether what a trial has written is ordinary: what was timed over anything else says little. */
export function givesOrdinary(trial: Trial): boolean {
  return trial.outputs().every((output) => output instanceof Uint32Array || areOrdinary(output));
}

function sameBits(a: Elements, b: Elements): boolean {
  const [left, right] = [a, b].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
  ) as [Buffer, Buffer];
  return left.equals(right);
}
