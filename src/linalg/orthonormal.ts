/**
 * Replaces vectors by the columns of the orthogonal factor Q in [x_0 x_1 ...] = Q R, where R is upper triangular with
 * a positive diagonal: what Gram and Schmidt's process gives, but orthogonal to the last bits whatever the vectors. They
 * lie one after the other, each `length` long, at most `length` of them. Householder's method in float64, with no
 * operation but + - * / sqrt: every engine gives the same bits.
 *
 * G. H. Golub and C. F. Van Loan, "Matrix Computations", 4th edition, algorithms 5.2.1 and 5.1.5.
 */
export function orthonormalise(vectors: Float64Array, length: number): void {
  const count = vectors.length / length;
  const row = (array: Float64Array, k: number) => array.subarray(k * length, (k + 1) * length);
  const work = new Float64Array(4 * Math.ceil(count / 4) * length);
  work.set(vectors);
  const signs = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const v = row(vectors, k);
    v.set(row(work, k));
    signs[k] = makeReflector(v, k);
    reflectFrom(k + 1, work, v, k);
  }
  // Q is the product of the reflections, applied to the first unit vectors from the last reflection to the first.
  work.fill(0);
  for (let k = count - 1; k >= 0; k--) {
    row(work, k)[k] = signs[k]!;
    reflectFrom(k, work, row(vectors, k), k);
  }
  vectors.set(work.subarray(0, vectors.length));
}

/**
 * Turns elements from k on of x into v, |v|^2 = 2, such that x - v (v . x) has no elements after the k-th. Returns the
 * sign that the k-th has then.
 */
function makeReflector(x: Float64Array, k: number): number {
  let squares = 0;
  for (let i = k; i < x.length; i++) squares += x[i]! * x[i]!;
  const norm = Math.sqrt(squares);
  // Nothing to reflect: v = 0 leaves everything as it is.
  if (norm === 0) return 1;
  const sign = x[k]! < 0 ? -1 : 1;
  x[k]! += sign * norm;
  const scale = 1 / Math.sqrt(norm * (sign * x[k]!));
  for (let i = k; i < x.length; i++) x[i]! *= scale;
  return -sign;
}

/**
 * y -= v (v . y), elements from k on, for the vectors from `first` on. It takes four at a time, in half the time of one
 * by one, and up to three before the first: those are done with, or have no elements from k on.
 */
function reflectFrom(first: number, vectors: Float64Array, v: Float64Array, k: number): void {
  const { length } = v;
  for (let a = (first - (first % 4)) * length; a < vectors.length; a += 4 * length) {
    const [b, c, d] = [a + length, a + 2 * length, a + 3 * length];
    let [alongA, alongB, alongC, alongD] = [0, 0, 0, 0];
    for (let i = k; i < length; i++) {
      const x = v[i]!;
      alongA += x * vectors[a + i]!;
      alongB += x * vectors[b + i]!;
      alongC += x * vectors[c + i]!;
      alongD += x * vectors[d + i]!;
    }
    for (let i = k; i < length; i++) {
      const x = v[i]!;
      vectors[a + i]! -= x * alongA;
      vectors[b + i]! -= x * alongB;
      vectors[c + i]! -= x * alongC;
      vectors[d + i]! -= x * alongD;
    }
  }
}
