/** Reflections of a block, a multiple of 4. Of 2048 elements 16 fit into a second cache; 8 and 32 took longer. */
const BLOCK = 16;

/**
 * Replaces vectors by the columns of the orthogonal factor Q in [x_0 x_1 ...] = Q R, where R is upper triangular with
 * a positive diagonal: what Gram and Schmidt's process gives, but orthogonal to the last bits whatever the vectors. They
 * lie one after the other, each `length` long, at most `length` of them.
 *
 * Householder's method in float64, 16 reflections at a time: (I - v_0 v_0^T) (I - v_1 v_1^T) ... = I - V T V^T, where
 * |v|^2 = 2 and T is upper triangular. No operation but + - * / sqrt: every engine gives the same bits.
 *
 * G. H. Golub and C. F. Van Loan, "Matrix Computations", 4th edition, algorithms 5.2.1 and 5.1.5; R. Schreiber and
 * C. Van Loan, "A storage-efficient WY representation for products of Householder transformations" (SISSC, 1989).
 */
export function orthonormalise(vectors: Float64Array, length: number): void {
  const count = vectors.length / length;
  // One more, for blocks take vectors in pairs.
  const work = new Float64Array((count + 1) * length);
  work.set(vectors);
  const row = (k: number) => work.subarray(k * length, (k + 1) * length);
  const signs = new Float64Array(count);
  const blocks = Array.from({ length: Math.ceil(count / BLOCK) }, (_, i) => ({
    first: i * BLOCK,
    end: Math.min((i + 1) * BLOCK, count),
  }));
  for (const { first, end } of blocks) {
    for (let k = first; k < end; k++) {
      const v = row(k).fill(0, 0, k);
      signs[k] = makeReflector(v, k);
      for (let j = k + 1; j < end; j++) reflect(row(j), v, k);
    }
    const { v, t } = blockOf(work, length, first, end);
    const transposed = t.map((_, i) => t[BLOCK * (i % BLOCK) + Math.floor(i / BLOCK)]!);
    for (let k = end; k < count; k += 2) reflectPair(work, k * length, v, transposed, length, first);
  }
  // Q is the product of the reflections, applied to the first unit vectors from the last block to the first.
  for (const { first, end } of blocks.reverse()) {
    const { v, t } = blockOf(work, length, first, end);
    for (let k = first; k < end; k++) row(k).fill(0)[k] = signs[k]!;
    for (let k = first; k < count; k += 2) reflectPair(work, k * length, v, t, length, first);
  }
  vectors.set(work.subarray(0, vectors.length));
}

/**
 * Turns elements from k on of x into v, |v|^2 = 2, such that x - v (v . x) has no elements after the k-th. Returns the
 * sign that the k-th has then.
 */
function makeReflector(x: Float64Array, k: number): number {
  const norm = Math.sqrt(product(x, x, k));
  // Nothing to reflect: v = 0 leaves everything as it is.
  if (norm === 0) return 1;
  const sign = x[k]! < 0 ? -1 : 1;
  x[k]! += sign * norm;
  const scale = 1 / Math.sqrt(norm * (sign * x[k]!));
  for (let i = k; i < x.length; i++) x[i]! *= scale;
  return -sign;
}

/** x . y, elements from k on. */
function product(x: Float64Array, y: Float64Array, k: number): number {
  let sum = 0;
  for (let i = k; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** x -= v (v . x), elements from k on. */
function reflect(x: Float64Array, v: Float64Array, k: number): void {
  const along = product(v, x, k);
  for (let i = k; i < x.length; i++) x[i]! -= along * v[i]!;
}

/** A copy of the reflections from `first` to `end`, with 0 for those that a last block lacks, and their T by rows. */
function blockOf(vectors: Float64Array, length: number, first: number, end: number) {
  const v = new Float64Array(BLOCK * length);
  v.set(vectors.subarray(first * length, end * length));
  const t = new Float64Array(BLOCK * BLOCK);
  const row = (j: number) => v.subarray(j * length, (j + 1) * length);
  for (let j = 0; j < end - first; j++) {
    // Column j is 1 on the diagonal and -T V^T v_j above it.
    for (let k = 0; k < j; k++) {
      const along = product(row(k), row(j), first + j);
      for (let i = 0; i <= k; i++) t[BLOCK * i + j]! -= t[BLOCK * i + k]! * along;
    }
    t[BLOCK * j + j] = 1;
  }
  return { v, t };
}

/** V^T x and T V^T x, for each of two vectors. */
const w = new Float64Array(2 * BLOCK);
const u = new Float64Array(2 * BLOCK);

/** x -= V T V^T x for the vector at x and the next, elements from `first` on. */
function reflectPair(
  vectors: Float64Array,
  x: number,
  v: Float64Array,
  t: Float64Array,
  length: number,
  first: number,
): void {
  for (let j = 0; j < BLOCK; j += 4) multiply(vectors, x, v, j, length, first);
  for (let j = 0; j < 2 * BLOCK; j++) {
    const [row, vector] = [BLOCK * (j % BLOCK), j - (j % BLOCK)];
    let sum = 0;
    for (let k = 0; k < BLOCK; k++) sum += t[row + k]! * w[vector + k]!;
    u[j] = sum;
  }
  for (let j = 0; j < BLOCK; j += 4) subtract(vectors, x, v, j, length, first);
}

/** The products of both vectors with four reflections: eight sums at once take half the time of four. */
function multiply(vectors: Float64Array, x: number, v: Float64Array, j: number, length: number, first: number): void {
  const y = x + length;
  const [v0, v1, v2, v3] = [j * length, (j + 1) * length, (j + 2) * length, (j + 3) * length];
  let [x0, x1, x2, x3, y0, y1, y2, y3] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = first; i < length; i++) {
    const ofX = vectors[x + i]!;
    const ofY = vectors[y + i]!;
    const a = v[v0 + i]!;
    const b = v[v1 + i]!;
    const c = v[v2 + i]!;
    const d = v[v3 + i]!;
    x0 += ofX * a;
    x1 += ofX * b;
    x2 += ofX * c;
    x3 += ofX * d;
    y0 += ofY * a;
    y1 += ofY * b;
    y2 += ofY * c;
    y3 += ofY * d;
  }
  w[j] = x0;
  w[j + 1] = x1;
  w[j + 2] = x2;
  w[j + 3] = x3;
  w[BLOCK + j] = y0;
  w[BLOCK + j + 1] = y1;
  w[BLOCK + j + 2] = y2;
  w[BLOCK + j + 3] = y3;
}

/** Takes four reflections, as often as u says, from both vectors. */
function subtract(vectors: Float64Array, x: number, v: Float64Array, j: number, length: number, first: number): void {
  const y = x + length;
  const [v0, v1, v2, v3] = [j * length, (j + 1) * length, (j + 2) * length, (j + 3) * length];
  const [x0, x1, x2, x3] = [u[j]!, u[j + 1]!, u[j + 2]!, u[j + 3]!];
  const [y0, y1, y2, y3] = [u[BLOCK + j]!, u[BLOCK + j + 1]!, u[BLOCK + j + 2]!, u[BLOCK + j + 3]!];
  for (let i = first; i < length; i++) {
    const a = v[v0 + i]!;
    const b = v[v1 + i]!;
    const c = v[v2 + i]!;
    const d = v[v3 + i]!;
    vectors[x + i]! -= x0 * a + x1 * b + (x2 * c + x3 * d);
    vectors[y + i]! -= y0 * a + y1 * b + (y2 * c + y3 * d);
  }
}
