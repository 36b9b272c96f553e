/** The state of an optimizer as plain data, and back. */
import { SimdOptimError } from "../../core/check.ts";
import {
  checkSavedState,
  compareState,
  differs,
  groupsOf,
  type LoadReport,
  type OptimizerState,
} from "../../state/savedState.ts";
import { fillFrom, noteType, type SavedArray } from "../../state/stateful.ts";
import type { Layout } from "./layout.ts";
import { type Options, type Resolved, writtenSchedules } from "./option.ts";
import { dtypeOf, type OptimizerSpec } from "./spec.ts";
import type { State } from "./state.ts";

/** What of an optimizer its state is in. */
export interface Parts<O extends Options, S extends string, N extends string> {
  readonly spec: OptimizerSpec<O, S, N>;
  readonly layout: Layout<O, S>;
  readonly state: State<O, S>;
  /** The numbers of each group. */
  readonly numbers: readonly Record<N, number>[];
}

/** Where an optimizer stands. */
interface Standing<O extends Options> {
  /** The options of each group. */
  readonly options: readonly Resolved<O>[];
  /** Updates applied. */
  readonly step: number;
  /** The point that parameters are at, if it is not that of training. */
  readonly away: string | undefined;
}

/** The point that training goes on from. */
function trainingPoint<O extends Options, S extends string, N extends string>({
  points,
}: OptimizerSpec<O, S, N>): string {
  return points?.training ?? "p";
}

/** The state as it is, with copies of arrays or views onto them. */
export function toSaved<O extends Options, S extends string, N extends string>(
  { spec, layout, state, numbers }: Parts<O, S, N>,
  { options, step, away }: Standing<O>,
  copy: boolean,
): OptimizerState {
  const groups = layout.groups.map(({ params, given }, i) => {
    const schedules = writtenSchedules(given);
    return {
      params: params.map((parameter) => parameter.name),
      options: options[i]!,
      ...(schedules && { schedules }),
      numbers: { ...numbers[i]! },
    };
  });
  // Without prototypes, so that a parameter may have any name.
  const steps: Record<string, number> = Object.create(null);
  const arrays: Record<string, Record<string, Float32Array>> = Object.create(null);
  for (const { parameter, missed } of layout.members) steps[parameter.name] = step - missed;
  state.forEachArray(({ parameter: { name } }, slot, array, dtype) => {
    arrays[name] ??= {};
    arrays[name][slot] = noteType(copy ? array.slice() : array, dtype) as Float32Array;
  });
  return { optimizer: spec.name, point: away ?? trainingPoint(spec), step, steps, groups, state: arrays };
}

/** Takes over all of a saved state but its count; `optionsAt` gives the options of each group at a step, to compare. */
export function fromSaved<O extends Options, S extends string, N extends string>(
  { spec, layout, state, numbers }: Parts<O, S, N>,
  saved: OptimizerState<SavedArray>,
  strict: boolean,
  optionsAt: (step: number) => readonly Resolved<O>[],
): LoadReport {
  const expected = { optimizer: spec.name, point: trainingPoint(spec), numbers: Object.keys(spec.numbers ?? {}) };
  checkSavedState(saved, expected);
  const { restarted, ...found } = compareState(saved, layout.members, (slot) => dtypeOf(spec.state[slot as S]));
  const problems = Object.entries(found).filter(([, keys]) => keys.length > 0);
  const report = { ...found, changed: changedOptions(layout, saved, optionsAt(saved.step)) };
  if (strict && problems.length > 0) {
    const text = problems.map(([kind, keys]) => `${kind} ${keys.join(", ")}`).join("; ");
    throw new SimdOptimError("STATE_MISMATCH", `state: ${text}`);
  }
  for (const member of layout.members) {
    const { name } = member.parameter;
    // What is not all there begins anew, as if it had been frozen until now.
    member.missed = saved.step - (restarted.has(name) ? 0 : saved.steps[name]!);
  }
  state.forEachArray(({ parameter: { name } }, slot, array) => {
    if (restarted.has(name)) (array as Float32Array).fill(0);
    else fillFrom(saved.state[name]![slot]!, array);
  });
  state.forgetAgendas();
  for (const [i, ofGroup] of numbers.entries()) {
    const [group] = spec.sharesNumbers ? saved.groups : savedGroups(layout, saved, i);
    Object.assign(ofGroup, spec.numbers, group?.numbers);
  }
  return report;
}

/** The saved groups that have parameters of our group i, in the order of those. */
function savedGroups<O extends Options, S extends string>(
  { groups }: Layout<O, S>,
  saved: OptimizerState<SavedArray>,
  i: number,
): OptimizerState["groups"] {
  return groupsOf(
    saved,
    groups[i]!.params.map(({ name }) => name),
  );
}

function changedOptions<O extends Options, S extends string>(
  layout: Layout<O, S>,
  saved: OptimizerState<SavedArray>,
  resolved: readonly Resolved<O>[],
): string[] {
  return layout.groups.flatMap(({ given }, i) => {
    const now = { options: resolved[i]!, schedules: writtenSchedules(given) };
    const before = savedGroups(layout, saved, i);
    return Object.keys(now.options)
      .filter((key) => before.some((group) => differs(now, group, key)))
      .map((key) => `group ${i}: ${key}`);
  });
}
