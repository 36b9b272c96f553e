import { checkInteger, describe, refuse } from "./check.ts";
import { isRecord } from "./json.ts";

/** What a saved state must be of. */
export interface Expected {
  readonly optimizer: string;
  /** The point that training goes on from. */
  readonly point: string;
  /** The numbers that are kept for each group. */
  readonly numbers: readonly string[];
}

function checkRecord(argument: string, value: unknown): asserts value is Record<string, unknown> {
  if (!isRecord(value)) refuse(argument, value, "an object");
}

/** Refuses what no optimizer of this kind can have saved; which arrays there are is for the optimizer to compare. */
export function checkSavedState(saved: unknown, { optimizer, point, numbers }: Expected): void {
  if (!isRecord(saved)) refuse("state", saved, "what stateDict() returned");
  if (saved["optimizer"] !== optimizer) {
    refuse("state.optimizer", saved["optimizer"], describe(optimizer), "STATE_MISMATCH");
  }
  if (saved["point"] !== point) {
    const expected = `${describe(point)}, the point that training goes on from`;
    refuse("state.point", saved["point"], expected, "STATE_MISMATCH");
  }
  const { step, steps, groups, state } = saved;
  checkInteger("state.step", step, `[0, ${Number.MAX_SAFE_INTEGER}]`);
  checkRecord("state.steps", steps);
  for (const [name, count] of Object.entries(steps))
    checkInteger(`state.steps.${name}`, count, `[0, ${step as number}]`);
  if (!Array.isArray(groups)) refuse("state.groups", groups, "a list");
  for (const [i, group] of groups.entries()) checkGroup(`state.groups[${i}]`, group, numbers);
  checkRecord("state.state", state);
  for (const [name, slots] of Object.entries(state)) checkRecord(`state.state.${name}`, slots);
}

function checkGroup(argument: string, group: unknown, known: readonly string[]): void {
  checkRecord(argument, group);
  const { params, options, numbers } = group;
  if (!Array.isArray(params)) refuse(`${argument}.params`, params, "a list");
  checkRecord(`${argument}.options`, options);
  checkRecord(`${argument}.numbers`, numbers);
  for (const [key, value] of Object.entries(numbers)) {
    if (!known.includes(key) || typeof value !== "number") {
      refuse(`${argument}.numbers.${key}`, value, known.length > 0 ? `a number, of ${known.join(", ")}` : "none");
    }
  }
}
