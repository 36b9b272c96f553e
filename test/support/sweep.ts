/**
 * Sweeps and fuzzes of which `npm test` goes through a part, the same one each time, and `npm run test:slow` through the
 * whole. That runs the files that import this one, and no others: see vitest.slow.config.ts.
 */

export const slow = process.env["SWEEP"] === "whole";

/** All of a sweep, or the few of it that `npm test` has time for. */
export function swept<T>(all: T, few: T): T {
  return slow ? all : few;
}

/** Every `n`th of the cases, from the first on; in `npm run test:slow` each of them. */
export function everyNth<T>(cases: readonly T[], n: number): readonly T[] {
  return slow ? cases : cases.filter((_, i) => i % n === 0);
}
