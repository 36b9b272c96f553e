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
  const view = (array: Float64Array, k: number) => array.subarray(k * length, (k + 1) * length);
  const signs = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    signs[k] = makeReflector(view(vectors, k), k);
    reflectAll(view(vectors, k), k, vectors, k + 1);
  }
  // Q is the product of the reflections, applied to the first unit vectors from the last reflection to the first.
  const q = new Float64Array(vectors.length);
  for (let k = count - 1; k >= 0; k--) {
    view(q, k)[k] = signs[k]!;
    reflectAll(view(vectors, k), k, q, k);
  }
  vectors.set(q);
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

/** y -= v (v . y), elements from k on, for each of the vectors y from `first` on. */
function reflectAll(v: Float64Array, k: number, vectors: Float64Array, first: number): void {
  const { length } = v;
  for (let start = first * length; start < vectors.length; start += length) {
    let along = 0;
    for (let i = k; i < length; i++) along += v[i]! * vectors[start + i]!;
    for (let i = k; i < length; i++) vectors[start + i]! -= along * v[i]!;
  }
}
