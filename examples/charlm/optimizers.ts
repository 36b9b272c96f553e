/** The optimizers of the package, found by what they declare; a new one is in the list as soon as it is exported. */

import type { Parameters, Schedule, StepReport } from "simd-optim";
import * as simdOptim from "simd-optim";

/** As much of an optimizer class as training needs. */
export interface OptimizerClass {
  new (
    params: Parameters,
    options: Readonly<Record<string, unknown>>,
  ): { step(): StepReport; zeroGrad(): void; readonly bytes: number };
  readonly spec: {
    readonly name: string;
    readonly rule: string;
    readonly cites: string;
    readonly options: Readonly<Record<string, { readonly default: unknown }>>;
  };
}

function isOptimizer(value: unknown): value is OptimizerClass {
  return typeof value === "function" && "spec" in value;
}

/** Every optimizer the package exports, by name. */
export const optimizers: readonly OptimizerClass[] = Object.values<unknown>(simdOptim)
  .filter(isOptimizer)
  .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));

/** The optimizer of that name, in upper or lower case. */
export function findOptimizer(name: string): OptimizerClass | undefined {
  return optimizers.find(({ spec }) => spec.name.toLowerCase() === name.toLowerCase());
}

/** The learning rate an optimizer uses unless it is told otherwise; undefined if it has none. */
export function defaultRate({ spec }: OptimizerClass): number | undefined {
  const rate = spec.options["lr"]?.default;
  return typeof rate === "number" ? rate : undefined;
}

/** Linear warm-up over at most 200 steps, then a cosine down to a hundredth. */
export function rateSchedule(peak: number, steps: number): Schedule {
  const warmup = Math.min(200, Math.floor(steps / 10));
  return simdOptim.schedules.warmupCosine({ peak, warmup, total: steps, floor: peak / 100 });
}
