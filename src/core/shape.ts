/** Elements of an array of this shape: 1 for no axes. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Whether elements of one shape may be taken, in their order, for those of another or of a part of it: the axes are some
 * of the other's in the same order, as a mean over the others is kept, or there is one. Axes of one element do not count.
 */
export function followsShape(shape: readonly number[], of: readonly number[]): boolean {
  const axes = shape.filter((size) => size !== 1);
  let found = 0;
  for (const size of of) if (size === axes[found]) found++;
  return axes.length <= 1 || found === axes.length;
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
