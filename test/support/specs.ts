/** Every optimizer of the package, and the options that the tests give it: the defaults, and each one away from them. */

import type { OptimizerClass } from "../../src/optim/define/optimizer.ts";
import type { Options } from "../../src/optim/define/option.ts";
import * as optim from "../../src/optim/index.ts";

export type AnyOptimizer = OptimizerClass<Options, string, string>;

export const optimizers: readonly AnyOptimizer[] = Object.values(optim) as unknown as AnyOptimizer[];

export interface Variant {
  readonly title: string;
  readonly Optimizer: AnyOptimizer;
  readonly options: Record<string, unknown>;
}

/** Whether the spec accepts these options together. */
export function accepts({ spec }: AnyOptimizer, options: Record<string, unknown>): boolean {
  const defaults = Object.fromEntries(Object.entries(spec.options).map(([key, { default: value }]) => [key, value]));
  try {
    spec.check?.({ ...defaults, ...options });
    return true;
  } catch {
    return false;
  }
}

/** Whether lr is a factor of every step. Rprop's is where its step sizes start, kept to `stepSizes`. */
export function scalesByLr({ spec: { name, options } }: AnyOptimizer): boolean {
  return "lr" in options && name !== "Rprop";
}

/**
 * For each optimizer: its defaults, each option on its trial value, beside that of another one where it is refused alone,
 * and all of them at once where they go together.
 */
export const variants: readonly Variant[] = optimizers.flatMap((Optimizer) => {
  const { name, options } = Optimizer.spec;
  const trials = Object.entries(options).map(([key, { trial }]) => ({ [key]: trial }) as Record<string, unknown>);
  const accepted = trials.map((trial) =>
    [{}, ...trials].map((other) => ({ ...other, ...trial })).find((set) => accepts(Optimizer, set)),
  );
  const sets = [{}, ...accepted, Object.assign({}, ...trials) as Record<string, unknown>, { maximize: true }];
  return (
    sets
      .filter((set) => set !== undefined)
      .filter((set) => accepts(Optimizer, set))
      .map((set) => ({ title: `${name} ${JSON.stringify(set)}`, Optimizer, options: set }))
      // With a single option, all at once are that one.
      .filter(({ title }, i, all) => all.findIndex((variant) => variant.title === title) === i)
  );
});
