/** Twin of assembly/layer/attention.ts: the same chain of operations for each element, without the tiles. */
import type { Views } from "../../../memory/heap.ts";
import { scale as scaleRow } from "../elementwise.ts";
import { dot, sum } from "../fold.ts";
import { mulAdd, f32 as round } from "../lanes.ts";
import { largest, scaledExp } from "../softmaxRow.ts";

const BLOCK = 32;

interface Head {
  /** Element offsets of its first row among inputs and outputs, and of its statistics. */
  readonly from: number;
  readonly to: number;
  readonly stats: number;
}

function* headsOf(batch: number, context: number, heads: number, width: number, stride: number): Generator<Head> {
  for (let sequence = 0; sequence < batch; sequence++) {
    for (let head = 0; head < heads; head++) {
      yield {
        from: sequence * context * stride + head * width,
        to: (sequence * context * heads + head) * width,
        stats: 2 * (sequence * heads + head) * context,
      };
    }
  }
}

/** Rows are taken by fours: the sums over keys of row i run to the end of its four. */
function endOfFour(i: number, context: number): number {
  return Math.min((i & ~3) + 4, context);
}

/** ((a0 b0) + a1 b1) + ..., over elements `aStep` and `bStep` apart. */
function chain(f32: Float32Array, a: number, aStep: number, b: number, bStep: number, n: number): number {
  let s = 0;
  for (let l = 0; l < n; l++) s = mulAdd(f32[a + l * aStep]!, f32[b + l * bStep]!, s);
  return s;
}

export function causalAttention(
  memory: Views,
  q: number,
  k: number,
  v: number,
  out: number,
  stats: number,
  work: number,
  batch: number,
  context: number,
  heads: number,
  width: number,
  stride: number,
  scale: number,
): void {
  const { f32 } = memory;
  const row = work >>> 2;
  for (const head of headsOf(batch, context, heads, width, stride)) {
    const [queries, keys, values] = [q, k, v].map((pointer) => (pointer >>> 2) + head.from) as [number, number, number];
    for (let i = 0; i < context; i++) {
      const n = i + 1;
      for (let j = 0; j < n; j++) f32[row + j] = chain(f32, queries + i * stride, 1, keys + j * stride, 1, width);
      const most = largest(memory, work, n);
      scaledExp(memory, work, work, n, most, round(scale));
      const end = endOfFour(i, context);
      f32.fill(0, row + n, row + end);
      const total = round(sum(memory, work, n));
      const stat = (stats >>> 2) + head.stats + 2 * i;
      f32[stat] = Number.isNaN(total) ? Number.NaN : most;
      f32[stat + 1] = 1 / total;
      const to = (out >>> 2) + head.to + i * heads * width;
      for (let c = 0; c < width; c++) f32[to + c] = chain(f32, row, 1, values + c, stride, end);
      scaleRow(memory, 4 * to, 4 * to, width, f32[stat + 1]!);
    }
  }
}

export function causalAttentionBackward(
  memory: Views,
  q: number,
  k: number,
  v: number,
  out: number,
  stats: number,
  dOut: number,
  dq: number,
  dk: number,
  dv: number,
  work: number,
  batch: number,
  context: number,
  heads: number,
  width: number,
  stride: number,
  scale: number,
): void {
  const { f32 } = memory;
  const by = round(scale);
  const rowOut = heads * width;
  const p = work >>> 2;
  const d = p + BLOCK * context;
  for (const head of headsOf(batch, context, heads, width, stride)) {
    const at = (pointer: number) => (pointer >>> 2) + head.from;
    const [queries, keys, values, dQueries] = [at(q), at(k), at(v), at(dq)];
    const dRows = (dOut >>> 2) + head.to;
    for (let first = 0; first < context; first += BLOCK) {
      const last = Math.min(first + BLOCK, context);
      for (let i = first; i < last; i++) {
        const n = i + 1;
        const row = p + (i - first) * context;
        const dRow = d + (i - first) * context;
        for (let j = 0; j < n; j++) {
          f32[row + j] = chain(f32, queries + i * stride, 1, keys + j * stride, 1, width);
          f32[dRow + j] = chain(f32, dRows + i * rowOut, 1, values + j * stride, 1, width);
        }
        const stat = (stats >>> 2) + head.stats + 2 * i;
        const mean = round(dot(memory, 4 * (dRows + i * rowOut), out + 4 * (head.to + i * rowOut), width));
        scaledExp(memory, 4 * row, 4 * row, n, f32[stat]!, by);
        for (let j = 0; j < n; j++) {
          f32[row + j]! *= f32[stat + 1]!;
          f32[dRow + j] = round(f32[row + j]! * round(f32[dRow + j]! - mean)) * by;
        }
        f32.fill(0, row + n, row + last);
        f32.fill(0, dRow + n, dRow + last);
        for (let c = 0; c < width; c++) {
          f32[dQueries + i * stride + c] = chain(f32, dRow, 1, keys + c, stride, endOfFour(i, context));
        }
      }
      for (let j = 0; j < last; j++) {
        // A key begins its sums at its own four, and goes on with them in later blocks.
        const start = Math.max(first, j & ~3);
        const skip = (start - first) * context + j;
        for (let c = 0; c < width; c++) {
          const dValue = chain(f32, p + skip, context, dRows + start * rowOut + c, rowOut, last - start);
          const dKey = chain(f32, d + skip, context, queries + start * stride + c, stride, last - start);
          const [toValue, toKey] = [at(dv) + j * stride + c, at(dk) + j * stride + c];
          f32[toValue] = j < first ? f32[toValue]! + dValue : dValue;
          f32[toKey] = j < first ? f32[toKey]! + dKey : dKey;
        }
      }
    }
  }
}
