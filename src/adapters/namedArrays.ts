import { checkInteger, describe, refuse, SimdOptimError } from "../core/check.ts";
import { sizeOf } from "../core/shape.ts";
import type { OptimizerState } from "../state/savedState.ts";

/** An array with a name and a shape: what formats of others keep. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** What tfjs and Keras call the count of updates. */
export const COUNT = "iter";
/** What the updates of one parameter are called here. */
export const STEPS = "steps";

/** A list that starts with the count of updates, taken apart: the count, and each array by its parameter and key. */
export function splitArrays(arrays: readonly NamedArray[]) {
  const [first, ...others] = arrays;
  if (first?.name !== COUNT || first.values.length !== 1) {
    refuse(
      "weights",
      arrays.slice(0, 3).map(({ name }) => name),
      `a list that starts with ${describe(COUNT)}`,
      "STATE_MISMATCH",
    );
  }
  const step: unknown = first.values[0];
  checkInteger(`weights: ${COUNT}`, step, `[0, ${Number.MAX_SAFE_INTEGER}]`);
  const entries = others.map(({ name, values }) => {
    const end = name.lastIndexOf("/");
    if (end < 1) refuse("weights", name, 'names such as "dense/kernel/exp_avg"', "STATE_MISMATCH");
    return { name, values, parameter: name.slice(0, end), key: name.slice(end + 1) };
  });
  return { step, entries };
}

/**
 * The state of an optimizer as named arrays: first "iter", the updates applied, then for each parameter "NAME/steps",
 * its own updates, "NAME/SLOT" for every array of state, and "NAME/NUMBER", the numbers of its group as the bits of
 * float64. No state is that before the first update.
 */
export function toNamedArrays(
  saved: OptimizerState | undefined,
  shapes: ReadonlyMap<string, readonly number[]>,
): NamedArray[] {
  const count = (name: string, value: number) => ({ name, shape: [], values: Int32Array.of(value) });
  if (!saved) return [count(COUNT, 0)];
  const { step, steps, groups, state } = saved;
  const arrays: NamedArray[] = [count(COUNT, step)];
  for (const [name, shape] of shapes) {
    const size = sizeOf(shape);
    arrays.push(count(`${name}/${STEPS}`, steps[name]!));
    for (const [slot, values] of Object.entries(state[name] ?? {})) {
      arrays.push({ name: `${name}/${slot}`, shape: values.length === size ? shape : [values.length], values });
    }
    const { numbers } = groups.find(({ params }) => params.includes(name))!;
    for (const [key, value] of Object.entries(numbers)) {
      arrays.push({ name: `${name}/${key}`, shape: [2], values: new Int32Array(Float64Array.of(value).buffer) });
    }
  }
  return arrays;
}

/**
 * The state that `toNamedArrays` took apart, of an optimizer of this name that trains at this point. Each parameter has a
 * group of its own, in the order of the arrays.
 */
export function fromNamedArrays(arrays: readonly NamedArray[], optimizer: string, point: string): OptimizerState {
  const { step, entries } = splitArrays(arrays);
  const steps = new Map<string, number>();
  const numbers: Record<string, Record<string, number>> = Object.create(null);
  const state: Record<string, Record<string, Float32Array>> = Object.create(null);
  for (const { name, values, parameter, key } of entries) {
    if (values instanceof Float32Array) {
      state[parameter] = { ...state[parameter], [key]: values };
    } else if (key === STEPS) {
      steps.set(parameter, values[0]!);
    } else if (values.length === 2) {
      numbers[parameter] = { ...numbers[parameter], [key]: new Float64Array(values.slice().buffer)[0]! };
    } else refuse(`weights: ${name}`, `${values.length} integers`, "2, the bits of a float64", "STATE_MISMATCH");
  }
  for (const name of Object.keys(state)) {
    if (!steps.has(name))
      throw new SimdOptimError("STATE_MISMATCH", `weights: missing ${describe(`${name}/${STEPS}`)}`);
  }
  const groups = [...steps.keys()].map((name) => ({ params: [name], options: {}, numbers: numbers[name] ?? {} }));
  return { optimizer, point, step, steps: Object.fromEntries(steps), groups, state };
}
