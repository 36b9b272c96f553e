/** Twin of assembly/powers.ts. */
import type { Views } from "../heap.ts";
import { pow } from "../real.ts";
import { CHUNK, chunk } from "./chunk.ts";

export function sumPowers({ f32 }: Views, x: number, n: number, unit: number, p: number): number {
  const power = (i: number) => {
    const magnitude = Math.abs(f32[(x >>> 2) + i]!);
    return magnitude === 0 ? 0 : pow(magnitude / unit, p);
  };
  let total = 0;
  for (let start = 0; start < n; start += CHUNK) {
    total += chunk(Math.min(CHUNK, n - start), (i) => power(start + i));
  }
  return total;
}
