/** Reference trajectories: see test/golden/README.md for where they come from and what rules R and E ask. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";

type Arrays = Readonly<Record<string, readonly (number | string)[]>>;

export interface OptimizerCase {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly params: readonly { name: string; shape: number[] }[];
  readonly groups?: readonly Readonly<Record<string, unknown>>[];
  readonly lr_per_step?: readonly (readonly number[])[];
  readonly init: Arrays;
  readonly grads: readonly Arrays[];
  /** Parameters after the steps that are keys: float64, the truth. */
  readonly after: Readonly<Record<string, Arrays>>;
  /** The same code run in float32. */
  readonly after32: Readonly<Record<string, Arrays>>;
  /** State after the last step, by parameter and slot, in float64; counts and the like are single numbers. */
  readonly state?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The cases of a family, such as "optim/adam", that are to be followed: no quirks. */
export function goldenCases<C extends { name: string } = OptimizerCase>(family: string): C[] {
  const file = new URL(`../golden/${family}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: C[] };
  return cases.filter(({ name }) => !name.startsWith("QUIRK_"));
}

/** Numbers as the files write them: non-finite ones are strings. */
export function numbers(values: readonly (number | string)[]): number[] {
  return values.map(Number);
}

const U = 2 ** -24;

/** How far `ours` is from the truth, as a share of what rules R and E allow; at most 1 passes. */
export function shareOfTolerance(
  ours: ArrayLike<number>,
  after: readonly number[],
  after32: readonly number[],
  init: readonly number[],
): { R: number; E: number } {
  const largest = (values: number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = after.map((truth, i) => ours[i]! - truth);
  const error32 = after.map((truth, i) => after32[i]! - truth);
  const R = largest(error) / (4 * largest(error32) + 8 * U * largest([...after]) || Number.MIN_VALUE);
  const shares = error.map((difference, i) => {
    const scale = Math.abs(after[i]!) + Math.abs(init[i] ?? 0);
    return Math.abs(difference) / (4 * Math.abs(error32[i]!) + 1e-5 * scale + 1e-12);
  });
  return { R, E: largest(shares) };
}

/** Asserts rules R and E for one array. */
export function expectFaithful(
  where: string,
  ours: ArrayLike<number>,
  after: readonly number[],
  after32: readonly number[],
  init: readonly number[],
): void {
  const { R, E } = shareOfTolerance(ours, after, after32, init);
  expect(R, `rule R, ${where}`).toBeLessThanOrEqual(1);
  expect(E, `rule E, ${where}`).toBeLessThanOrEqual(1);
}
