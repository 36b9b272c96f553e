/**
 * Causal multi-head attention, four queries at a time against the keys up to theirs: only scores on and below the
 * diagonal are computed, and they stay in the first cache. After T. Dao et al., "FlashAttention" (NeurIPS 2022), the
 * probabilities are not kept: the largest score and the sum of exponentials of each row bring them back bit for bit.
 *
 * Rows of q, k, v and their gradients are `stride` elements apart, those of the output heads * width.
 */
import { mul, splat, sub } from "../lanes";
import { scale as scaleRow } from "../elementwise";
import { dot, sum } from "../fold";
import { product } from "../product";
import { largest, scaledExp } from "../softmaxRow";
import { Pointer, Size, Workspace } from "../words";

/** Query rows whose probabilities are kept at a time in the backward pass. */
const BLOCK: usize = 32;

/** Bytes between rows of the workspace: whole tiles, and 8 elements more so that rows share no cache set. */
function pitchOf(context: Size): Size {
  return (((context + 7) & ~7) + 8) << 2;
}

/** Copies the rows of a head into columns; columns from `context` to the next multiple of 8 become 0. */
function transpose(x: Pointer, rowBytes: Size, context: Size, width: Size, to: Pointer, pitch: Size): void {
  const end = (context + 7) & ~7;
  for (let i: usize = 0; i < end; i++, x += rowBytes, to += 4) {
    for (let c: usize = 0; c < width; c++) store<f32>(to + c * pitch, i < context ? load<f32>(x + (c << 2)) : 0);
  }
}

/** out[context, heads * width] = softmax(scale q k^T, causal) v for each head; stats[.., 2] = largest score, 1 / sum. */
export function causalAttention(
  q: Pointer,
  k: Pointer,
  v: Pointer,
  out: Pointer,
  stats: Pointer,
  work: Workspace,
  batch: Size,
  context: Size,
  heads: Size,
  width: Size,
  stride: Size,
  scale: f32,
): void {
  const rowBytes = stride << 2;
  const outBytes = (heads * width) << 2;
  const pitch = pitchOf(context);
  const scores = work + width * pitch;
  for (let sequence: usize = 0; sequence < batch; sequence++) {
    for (let head: usize = 0; head < heads; head++) {
      const from = sequence * context * rowBytes + ((head * width) << 2);
      const to = out + sequence * context * outBytes + ((head * width) << 2);
      transpose(k + from, rowBytes, context, width, work, pitch);
      for (let i: usize = 0; i < context; i += 4) {
        const rows = min<usize>(4, context - i);
        const end = i + rows;
        product(q + from + i * rowBytes, rowBytes, 4, work, pitch, scores, pitch, rows, (end + 7) & ~7, width, false);
        for (let row = scores, n = i + 1; n <= end; n++, row += pitch, stats += 8) {
          const most = largest(row, n);
          scaledExp(row, row, n, most, scale);
          memory.fill(row + (n << 2), 0, (end - n) << 2);
          const total = f32(sum(row, n));
          store<f32>(stats, total == total ? most : NaN);
          store<f32>(stats, 1 / total, 4);
        }
        product(scores, pitch, 4, v + from, rowBytes, to + i * outBytes, outBytes, rows, width, end, false);
        for (let r: usize = 0; r < rows; r++) {
          const row = to + (i + r) * outBytes;
          scaleRow(row, row, width, load<f32>(stats - ((rows - r) << 3), 4));
        }
      }
    }
  }
}

/** p = inverse p, d = scale p (d - mean) */
function scoreGradient<Lane>(p: Pointer, d: Pointer, n: Size, inverse: f32, mean: f32, scale: f32): void {
  const probability = mul<Lane>(load<Lane>(p), splat<Lane>(inverse));
  store<Lane>(p, probability);
  store<Lane>(d, mul<Lane>(mul<Lane>(probability, sub<Lane>(load<Lane>(d), splat<Lane>(mean))), splat<Lane>(scale)));
}

/** dx[j] (+)= sum_i weights[i, j] rows[i] over the rows of a block that begins at query `first`. */
function gatherColumns(
  weights: Pointer,
  pitch: Size,
  rows: Size,
  rowBytes: Size,
  dx: Pointer,
  dxBytes: Size,
  first: Size,
  count: Size,
  width: Size,
): void {
  // Earlier keys have a sum from the block before; those of this block begin theirs, at their own tile.
  if (first > 0) product(weights, 4, pitch, rows, rowBytes, dx, dxBytes, first, width, count, true);
  for (let j: usize = 0; j < count; j += 4) {
    const a = weights + j * pitch + ((first + j) << 2);
    const to = dx + (first + j) * dxBytes;
    product(a, 4, pitch, rows + j * rowBytes, rowBytes, to, dxBytes, min<usize>(4, count - j), width, count - j, false);
  }
}

/** The gradients of q, k and v, which are overwritten, from that of the output. */
export function causalAttentionBackward(
  q: Pointer,
  k: Pointer,
  v: Pointer,
  out: Pointer,
  stats: Pointer,
  dOut: Pointer,
  dq: Pointer,
  dk: Pointer,
  dv: Pointer,
  work: Workspace,
  batch: Size,
  context: Size,
  heads: Size,
  width: Size,
  stride: Size,
  scale: f32,
): void {
  const rowBytes = stride << 2;
  const outBytes = (heads * width) << 2;
  const pitch = pitchOf(context);
  const keys = work;
  const values = keys + width * pitch;
  const p = values + width * pitch;
  const d = p + BLOCK * pitch;
  for (let sequence: usize = 0; sequence < batch; sequence++) {
    for (let head: usize = 0; head < heads; head++) {
      const from = sequence * context * rowBytes + ((head * width) << 2);
      const fromOut = sequence * context * outBytes + ((head * width) << 2);
      transpose(k + from, rowBytes, context, width, keys, pitch);
      transpose(v + from, rowBytes, context, width, values, pitch);
      for (let first: usize = 0; first < context; first += BLOCK) {
        const count = min<usize>(BLOCK, context - first);
        const queries = q + from + first * rowBytes;
        const dRows = dOut + fromOut + first * outBytes;
        for (let i: usize = 0; i < count; i += 4) {
          const rows = min<usize>(4, count - i);
          const end = first + i + rows;
          const columns = (end + 7) & ~7;
          const scores = p + i * pitch;
          const dScores = d + i * pitch;
          product(queries + i * rowBytes, rowBytes, 4, keys, pitch, scores, pitch, rows, columns, width, false);
          product(dRows + i * outBytes, outBytes, 4, values, pitch, dScores, pitch, rows, columns, width, false);
          for (let r: usize = 0; r < rows; r++, stats += 8) {
            const row = scores + r * pitch;
            const dRow = dScores + r * pitch;
            const n = first + i + r + 1;
            const at = fromOut + (n - 1) * outBytes;
            const mean = f32(dot(dOut + at, out + at, width));
            scaledExp(row, row, n, load<f32>(stats), scale);
            scoreGradient(row, dRow, n, load<f32>(stats, 4), mean, scale);
            memory.fill(row + (n << 2), 0, (first + count - n) << 2);
            memory.fill(dRow + (n << 2), 0, (first + count - n) << 2);
          }
          const to = dq + from + (first + i) * rowBytes;
          product(dScores, pitch, 4, k + from, rowBytes, to, rowBytes, rows, width, end, false);
        }
        gatherColumns(p, pitch, dRows, outBytes, dv + from, rowBytes, first, count, width);
        gatherColumns(d, pitch, queries, rowBytes, dk + from, rowBytes, first, count, width);
      }
    }
  }
}
