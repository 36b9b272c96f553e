import { checkInteger, describe, refuse } from "../core/check.ts";
import { isRecord } from "../core/json.ts";
import type { ElementType } from "../memory/elementType.ts";
import { misfit, type SavedArray } from "./stateful.ts";

/** Everything an optimizer needs to go on, by parameter name. */
export interface OptimizerState<A = Float32Array> {
  /** The name of the rule, such as "AdamW". */
  readonly optimizer: string;
  /** What the source calls the point that the parameters held; "p" for optimizers with a single one. */
  readonly point: string;
  /** Updates applied. */
  readonly step: number;
  /** Updates of each parameter: fewer than `step` for one that was frozen for a while. */
  readonly steps: Readonly<Record<string, number>>;
  /** Options are for the record: loading compares them and does not change yours. */
  readonly groups: readonly {
    /** The names of the group's parameters. */
    readonly params: readonly string[];
    /** Its options as they were at this step. */
    readonly options: Readonly<Record<string, unknown>>;
    /** What the options that are scheduled are made by, such as "cosine({ ... })"; absent where none is. */
    readonly schedules?: Readonly<Record<string, unknown>>;
    /** Numbers kept for the group, such as Prodigy's d. */
    readonly numbers: Readonly<Record<string, number>>;
  }[];
  /** Arrays by the name of the parameter, then of the slot; those of slots of other types are not float32. */
  readonly state: Readonly<Record<string, Readonly<Record<string, A>>>>;
}

/** What a saved state and what it was loaded into did not have in common. */
export interface LoadReport {
  /** Arrays this optimizer has and the saved state lacks, as "parameter/slot", or "parameter/step" for a count alone. */
  readonly missing: readonly string[];
  /** Arrays in the saved state that this optimizer does not have. */
  readonly unexpected: readonly string[];
  /** Arrays of another size, of another shape in their file, or that are not of the type of the slot. */
  readonly misshapen: readonly string[];
  /** Options whose value differs from the saved one of any of the group's parameters, as "group 0: lr". */
  readonly changed: readonly string[];
}

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
  for (const key of new Set([...known, ...Object.keys(numbers)])) {
    const value = Object.hasOwn(numbers, key) ? numbers[key] : undefined;
    if (!known.includes(key) || typeof value !== "number") {
      refuse(`${argument}.numbers.${key}`, value, known.length > 0 ? `a number, of ${known.join(", ")}` : "none");
    }
  }
}

/** A parameter, and the elements that its state has in each slot, 0 for none. */
interface Kept {
  readonly parameter: { readonly name: string; readonly shape: readonly number[] };
  readonly sizes: Readonly<Record<string, number>>;
}

/** What a saved state has beside what it is for. */
export function compareState(
  { state, steps }: OptimizerState<SavedArray>,
  members: readonly Kept[],
  typeOf: (slot: string) => ElementType,
) {
  const missing: string[] = [];
  const misshapen: string[] = [];
  const unexpected: string[] = [];
  /** The parameters that are not all there. */
  const restarted = new Set<string>();
  const expected = new Map(members.map(({ parameter, sizes }) => [parameter.name, sizes]));
  for (const {
    parameter: { name, shape },
    sizes,
  } of members) {
    const slots = Object.hasOwn(state, name) ? state[name]! : {};
    const before = missing.length + misshapen.length;
    for (const [slot, size] of Object.entries(sizes)) {
      if (size === 0) continue;
      const array = Object.hasOwn(slots, slot) ? slots[slot] : undefined;
      const problem = misfit(array, size, shape, typeOf(slot));
      if (array === undefined) missing.push(`${name}/${slot}`);
      else if (problem !== undefined) misshapen.push(`${name}/${slot}: ${problem}`);
    }
    const complete = missing.length + misshapen.length === before;
    if (complete && !Object.hasOwn(steps, name)) missing.push(`${name}/step`);
    if (!complete || !Object.hasOwn(steps, name)) restarted.add(name);
  }
  for (const [name, slots] of Object.entries(state)) {
    const sizes = expected.get(name) ?? {};
    const has = (slot: string) => Object.hasOwn(sizes, slot) && sizes[slot]! > 0;
    unexpected.push(...Object.keys(slots).flatMap((slot) => (has(slot) ? [] : [`${name}/${slot}`])));
  }
  return { missing, unexpected, misshapen, restarted };
}

type SavedGroup = OptimizerState["groups"][number];

/** The saved groups that have any of these parameters, each once, in the order of the names. */
export function groupsOf({ groups }: Pick<OptimizerState, "groups">, names: readonly string[]): readonly SavedGroup[] {
  const groupOf = new Map(groups.flatMap((group) => group.params.map((name) => [name, group] as const)));
  return [...new Set(names.flatMap((name) => groupOf.get(name) ?? []))];
}

/** Whether an option, or the schedule that makes it, differs between two groups. */
export function differs(
  now: Pick<SavedGroup, "options"> & { readonly schedules: SavedGroup["schedules"] | undefined },
  before: SavedGroup,
  key: string,
): boolean {
  return !sameValue(now.options[key], before.options[key]) || !sameValue(now.schedules?.[key], before.schedules?.[key]);
}

/** Whether two options are the same: plain values, or lists of them. */
function sameValue(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((item, i) => Object.is(item, b[i]));
}
