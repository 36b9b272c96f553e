/** Ordinary inputs: no zeros, no subnormals, nothing that is not finite, so that a time is a typical one. */
import { Random } from "../src/tensor/random.ts";

const LOW = 0.25;
const HIGH = 1.25;
/** What every real argument of a kernel is: averages over ordinary values stay ordinary. */
export const ORDINARY_REAL = 0.5;
/** What every argument of random bits is. */
export const ORDINARY_BITS = 0x12345678;

/** Samples that arrays are filled from over and over. An odd number, so that equal indices meet different ones. */
const POOL = 65_537;
const random = new Random(1, "bench");
const fractions = Float64Array.from({ length: POOL }, () => random.uniform());
const floats = Float32Array.from(fractions, (fraction) => LOW + (HIGH - LOW) * fraction);

/** Fills with samples of [0.25, 1.25); `salt` tells the arrays of one call apart. */
export function fillFloats(array: Float32Array | Float64Array, salt: number): void {
  let from = (salt * 7919) % POOL;
  for (let at = 0; at < array.length; ) {
    const length = Math.min(POOL - from, array.length - at);
    array.set(floats.subarray(from, from + length), at);
    at += length;
    from = 0;
  }
}

/** Fills with whole numbers below `bound`. */
export function fillIndices(array: Uint32Array, bound: number): void {
  for (let i = 0; i < array.length; i++) array[i] = Math.floor(fractions[i % POOL]! * bound);
}

/** Elements that are looked at to tell whether values are ordinary. */
const SAMPLE = 4096;

/** Whether values are finite and hardly any is subnormal, as far as the first few thousand tell. */
export function areOrdinary(array: Float32Array | Float64Array): boolean {
  const sample = array.subarray(0, SAMPLE);
  const subnormal = sample.filter((x) => x !== 0 && Math.abs(x) < 2 ** -126).length;
  return sample.every(Number.isFinite) && subnormal <= sample.length / 100;
}
