/** Twin of assembly/layer/dropout.ts. */
import type { Views } from "../../../memory/heap.ts";
import { f32 as round } from "../lanes.ts";
import { randomBits } from "../random.ts";

const BATCH = 1024;

export function dropout(
  memory: Views,
  x: number,
  y: number,
  work: number,
  n: number,
  key0: number,
  key1: number,
  stream0: number,
  stream1: number,
  threshold: number,
  scale: number,
): void {
  const { f32, u32 } = memory;
  for (let first = 0; first < n; first += BATCH) {
    const count = Math.min(BATCH, n - first);
    randomBits(memory, work, count, first, key0, key1, stream0, stream1);
    for (let i = 0; i < count; i++) {
      const factor = u32[(work >>> 2) + i]! >= threshold >>> 0 ? round(scale) : 0;
      f32[(y >>> 2) + first + i] = f32[(x >>> 2) + first + i]! * factor;
    }
  }
}
