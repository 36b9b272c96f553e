/** Twin of assembly/random.ts, which states the rule and its source. */
import type { Views } from "../../memory/heap.ts";

/** The high 32 bits of the product of two unsigned 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

export type Words = [number, number, number, number];

/** One block of Philox4x32-10. */
export function philox(counter: Readonly<Words>, key0: number, key1: number): Words {
  let [a, b, c, d] = counter;
  let [k, l] = [key0, key1];
  for (let round = 0; round < 10; round++) {
    const [high, low] = [mulHigh(0xcd9e8d57, c), Math.imul(0xcd9e8d57, c) >>> 0];
    c = (mulHigh(0xd2511f53, a) ^ d ^ l) >>> 0;
    d = Math.imul(0xd2511f53, a) >>> 0;
    a = (high ^ b ^ k) >>> 0;
    b = low;
    k = (k + 0x9e3779b9) >>> 0;
    l = (l + 0xbb67ae85) >>> 0;
  }
  return [a, b, c, d];
}

export function randomBits(
  { u32 }: Views,
  out: number,
  n: number,
  first: number,
  key0: number,
  key1: number,
  stream0: number,
  stream1: number,
): void {
  let block: Words = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const element = (first >>> 0) + i;
    if (i === 0 || element % 4 === 0) {
      block = philox([Math.floor(element / 4), 0, stream0 >>> 0, stream1 >>> 0], key0 >>> 0, key1 >>> 0);
    }
    u32[(out >>> 2) + i] = block[element % 4]!;
  }
}
