/** Twin of assembly/norms.ts. */
import type { Views } from "../../memory/heap.ts";
import { CHUNK } from "./chunk.ts";
import { mulAdd, f32 as round } from "./lanes.ts";

/** Partials of a chunk: four for each of three sums. */
export class Partials {
  readonly #partials = new Float32Array(12);

  /** Adds the squares of element `i`. */
  gather(i: number, g: number, before: number, after: number): void {
    const change = round(after - before);
    for (const [k, x] of [g, change, after].entries()) {
      const at = 4 * k + (i & 3);
      this.#partials[at] = mulAdd(x, x, this.#partials[at]!);
    }
  }

  /** Adds the three sums to the float64 at `sums` where element `i` ends a chunk or all `n`. */
  flush({ f64 }: Views, sums: number, i: number, n: number): void {
    if ((i + 1) % CHUNK !== 0 && i + 1 !== n) return;
    for (let k = 0; k < 3; k++) {
      const [a, b, c, d] = this.#partials.subarray(4 * k) as unknown as [number, number, number, number];
      f64[(sums >>> 3) + k]! += a + b + (c + d);
    }
    this.#partials.fill(0);
  }
}

export function stepNorms(
  memory: Views,
  before: number,
  p: number,
  g: number,
  _work: number,
  sums: number,
  n: number,
): void {
  const { f32 } = memory;
  const partials = new Partials();
  for (let i = 0; i < n; i++) {
    partials.gather(i, f32[(g >>> 2) + i]!, f32[(before >>> 2) + i]!, f32[(p >>> 2) + i]!);
    partials.flush(memory, sums, i, n);
  }
}
