/** Float64 checks of gradients. */

/** The derivative of `f` with respect to each element of x, by central differences in float64. */
export function centralDifferences(x: ArrayLike<number>, f: (x: number[]) => number): number[] {
  return Array.from(x, (_, i) => {
    const moved = (by: number) => Array.from(x, (value, j) => (i === j ? value + by : value));
    return (f(moved(1e-5)) - f(moved(-1e-5))) / 2e-5;
  });
}

/** Largest |ours - truth| as a share of the largest |truth|. */
export function relativeError(ours: ArrayLike<number>, truth: readonly number[]): number {
  const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));
  return largest(truth.map((value, i) => value - ours[i]!)) / largest(truth);
}
