import { expect } from "vitest";
import type { OptimizerState } from "../../src/optimizer.ts";
import type { Parameters } from "../../src/parameters.ts";
import type { Runtime } from "../../src/runtime.ts";
import { expectFaithful, numbers, type OptimizerCase } from "./golden.ts";

/** The parameters of a case, with its initial values. */
export function parametersOf(runtime: Runtime, golden: OptimizerCase): Parameters {
  const params = runtime.parameters(Object.fromEntries(golden.params.map(({ name, shape }) => [name, shape])));
  for (const parameter of params) parameter.data.set(numbers(golden.init[parameter.name]!));
  return params;
}

/** Feeds the recorded gradients to the optimizer and holds every recorded point against the truth. */
export function followTrajectory(
  golden: OptimizerCase,
  params: Parameters,
  optimizer: { readonly groups: readonly object[]; step(): unknown },
  check = expectFaithful,
): void {
  for (const [i, grads] of golden.grads.entries()) {
    for (const parameter of params) parameter.grad.set(numbers(grads[parameter.name]!));
    golden.lr_per_step?.[i]?.forEach((lr, group) => {
      Object.assign(optimizer.groups[group]!, { lr });
    });
    optimizer.step();
    const after = golden.after[i + 1];
    const after32 = golden.after32[i + 1];
    if (!after || !after32) continue;
    for (const { name, data } of params) {
      const where = `${golden.name}, step ${i + 1}, ${name}`;
      check(where, data, numbers(after[name]!), numbers(after32[name]!), numbers(golden.init[name]!).map(Math.fround));
    }
  }
}

/** Holds the final state against the recorded one, by the source's names, to 64 float32 roundings of the largest. */
export function expectState(golden: OptimizerCase, { state }: OptimizerState): void {
  for (const [name, slots] of Object.entries(golden.state)) {
    const arrays = Object.entries(slots).filter(([, recorded]) => Array.isArray(recorded));
    expect(Object.keys(state[name]!).sort(), golden.name).toEqual(arrays.map(([slot]) => slot).sort());
    for (const [slot, recorded] of arrays) {
      const truth = numbers(recorded as (number | string)[]);
      const largest = truth.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (const [i, value] of truth.entries()) {
        const error = Math.abs(state[name]![slot]![i]! - value);
        expect(error, `${golden.name}, ${name}/${slot}[${i}]`).toBeLessThanOrEqual(64 * 2 ** -24 * largest);
      }
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
