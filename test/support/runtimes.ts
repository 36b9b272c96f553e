import type { Backend } from "../../src/kernels/engine.ts";
import { load, type Runtime } from "../../src/tensor/runtime.ts";

export const backends: readonly Backend[] = ["simd", "scalar", "reference"];

/** One runtime of each backend. */
export async function loadAll(): Promise<Runtime[]> {
  return Promise.all(backends.map((backend) => load({ backend })));
}

/** Float32 bits with every NaN made the same: payloads are not promised. */
export function canonicalBits(words: Uint32Array): Uint32Array {
  const canonical = words.slice();
  for (let i = 0; i < words.length; i++) if ((words[i]! & 0x7fffffff) > 0x7f800000) canonical[i] = 0x7fc00000;
  return canonical;
}

export function bitsOf(values: Float32Array): Uint32Array {
  return canonicalBits(new Uint32Array(values.slice().buffer));
}
