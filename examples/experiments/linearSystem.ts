/** Linear least squares in float64, which conditions near the peak of double descent ask for. */

/** A matrix, row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: ArrayLike<number>;
}

/**
 * The w that minimises |A w - b|^2 + ridge |w|^2; of many with ridge 0, the shortest. By the normal equations of the
 * smaller side: A^T A w = A^T b, or w = A^T u with A A^T u = b.
 */
export function leastSquares(a: Matrix, b: ArrayLike<number>, ridge: number): Float64Array {
  const { rows, columns, data } = a;
  const wide = columns > rows;
  const [size, depth] = wide ? [rows, columns] : [columns, rows];
  // side[i] is row i of A, or column i.
  const side = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: depth }, (_, k) => (wide ? data[i * columns + k]! : data[k * columns + i]!)),
  );
  const gram = side.map((left, i) =>
    Float64Array.from({ length: i + 1 }, (_, j) => dot(left, side[j]!) + (i === j ? ridge : 0)),
  );
  const right = Float64Array.from(side, (row, i) => (wide ? b[i]! : dot(row, b)));
  const solution = solve(gram, right);
  if (!wide) return solution;
  const w = new Float64Array(columns);
  for (const [i, u] of solution.entries()) for (let k = 0; k < columns; k++) w[k]! += side[i]![k]! * u;
  return w;
}

function dot(x: ArrayLike<number>, y: ArrayLike<number>, length = x.length): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += x[k]! * y[k]!;
  return sum;
}

/** Solves G x = b for a positive definite G, given by its lower triangle, which becomes Cholesky's factor L. */
function solve(lower: readonly Float64Array[], b: Float64Array): Float64Array {
  for (const [i, row] of lower.entries()) {
    for (let j = 0; j < i; j++) row[j] = (row[j]! - dot(row, lower[j]!, j)) / lower[j]![j]!;
    row[i] = Math.sqrt(row[i]! - dot(row, row, i));
  }
  const x = b.slice();
  for (const [i, row] of lower.entries()) x[i] = (x[i]! - dot(row, x, i)) / row[i]!;
  for (let i = x.length - 1; i >= 0; i--) {
    x[i]! /= lower[i]![i]!;
    for (let j = 0; j < i; j++) x[j]! -= lower[i]![j]! * x[i]!;
  }
  return x;
}
