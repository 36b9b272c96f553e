/** Elements of an array of this shape: 1 for no axes. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether two shapes have the same axes. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** The index along each axis of a position in row-major order. */
export function unravel(position: number, shape: readonly number[]): number[] {
  let rest = position;
  return shape
    .map((_, axis) => {
      const extent = shape.at(-1 - axis)!;
      const along = rest % extent;
      rest = (rest - along) / extent;
      return along;
    })
    .reverse();
}
