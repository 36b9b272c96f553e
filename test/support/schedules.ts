import { expect } from "vitest";
import type { Schedule } from "../../src/schedules/schedule.ts";

/** Asserts the values of the first steps to 1e-12 of each, and of the largest where one is 0. */
export function expectValues(schedule: Schedule, values: readonly number[]): void {
  const largest = Math.max(...values.map(Math.abs));
  for (const [step, value] of values.entries()) {
    const error = Math.abs(schedule(step) - value);
    expect(error, `step ${step}: got ${schedule(step)}, expected ${value}`).toBeLessThanOrEqual(
      1e-12 * (Math.abs(value) || largest),
    );
  }
}
