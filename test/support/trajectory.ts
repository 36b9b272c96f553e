import { expect } from "vitest";
import type { OptimizerState } from "../../src/state/savedState.ts";
import type { Parameters } from "../../src/tensor/parameters.ts";
import type { Runtime } from "../../src/tensor/runtime.ts";
import { expectFaithful, numbers, type OptimizerCase } from "./golden.ts";

/** The parameters of a case, with its initial values. */
export function parametersOf(runtime: Runtime, golden: OptimizerCase): Parameters {
  const params = runtime.parameters(Object.fromEntries(golden.params.map(({ name, shape }) => [name, shape])));
  for (const parameter of params) parameter.data.set(numbers(golden.init[parameter.name]!));
  return params;
}

/**
 * Feeds the recorded gradients to the optimizer and holds every recorded point against the truth. `observe` is called
 * after every step, with its number.
 */
export function followTrajectory(
  golden: OptimizerCase,
  params: Parameters,
  optimizer: { readonly groups: readonly object[]; step(): unknown },
  check = expectFaithful,
  observe: (step: number) => void = () => {},
): void {
  for (const [i, grads] of golden.grads.entries()) {
    for (const parameter of params) parameter.grad.set(numbers(grads[parameter.name]!));
    golden.lr_per_step?.[i]?.forEach((lr, group) => {
      Object.assign(optimizer.groups[group]!, { lr });
    });
    optimizer.step();
    observe(i + 1);
    const after = golden.after[i + 1];
    const after32 = golden.after32[i + 1];
    if (!after || !after32) continue;
    for (const { name, data } of params) {
      const where = `${golden.name}, step ${i + 1}, ${name}`;
      check(where, data, numbers(after[name]!), numbers(after32[name]!), numbers(golden.init[name]!).map(Math.fround));
    }
  }
}

/**
 * Holds the state after the last step against the recorded one, array by array, to `within` of the largest element.
 * `names` translates slots that the source names otherwise.
 */
export function expectState(
  golden: OptimizerCase,
  { state }: OptimizerState,
  within = 64 * 2 ** -24,
  names: Readonly<Record<string, string>> = {},
): void {
  for (const [name, slots] of Object.entries(golden.state)) {
    for (const [slot, recorded] of Object.entries(slots)) {
      if (!Array.isArray(recorded)) continue;
      const expected = numbers(recorded);
      const ours = state[name]![names[slot] ?? slot]!;
      const largest = (values: number[]) => Math.max(...values.map(Math.abs));
      expect(ours.length, `size of ${name}/${slot}`).toBe(expected.length);
      const error = largest(expected.map((value, i) => value - ours[i]!));
      expect(error, `${name}/${slot}`).toBeLessThanOrEqual(within * largest(expected));
    }
  }
}

/** torch's option names, as this package writes them. */
export function camelCase(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const camel = (key: string) => key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [camel(key), value]));
}

/** The groups of a case, or everything in one. */
export function groupsOf(golden: OptimizerCase, params: Parameters) {
  if (!golden.groups) return params;
  return golden.groups.map(({ params: names, ...options }) => ({
    params: (names as string[]).map((name) => params.get(name)),
    ...camelCase(options),
  }));
}
