/** The optimizers of the package, found by what they declare; a new one is in the list as soon as it is exported. */
import type { NamedSchedule, Parameters, Selection, Steppable } from "simd-optim";
import * as simdOptim from "simd-optim";
import { parseSchedule, SimdOptimError, schedules } from "simd-optim";

/** As much of an optimizer as training needs. */
export interface Optimizer extends Steppable {
  readonly spec: { readonly name: string };
  withEvalParams<T>(fn: () => T): T;
  /** Refuses, unless the class declares it. */
  updateHessian?(): boolean;
}

/** As much of an optimizer class as training needs. */
export interface OptimizerClass {
  new (params: Selection, options: Readonly<Record<string, unknown>>): Optimizer;
  readonly spec: {
    readonly name: string;
    readonly rule: string;
    readonly cites: string;
    readonly options: Readonly<Record<string, { readonly default: unknown }>>;
    /** There where an optimizer evaluates at an average of where it has been. */
    readonly points?: unknown;
    /** There where an optimizer wants to see gradients for labels drawn from the model's own predictions. */
    readonly updateHessian?: unknown;
  };
}

function isOptimizer(value: unknown): value is OptimizerClass {
  return typeof value === "function" && "spec" in value;
}

/** Every optimizer the package exports, by name. */
export const optimizers: readonly OptimizerClass[] = Object.values<unknown>(simdOptim)
  .filter(isOptimizer)
  .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));

export const DEFAULT_OPTIMIZER = "AdamW";

interface Named {
  readonly spec: { readonly name: string };
}

/**
 * The optimizers that a name may mean, in upper or lower case: the one of that name; else the one of the family that
 * is built on the default optimizer, as ScheduleFreeAdamW is; else all whose names start like that.
 */
export function findOptimizers<T extends Named>(name: string, among: readonly T[]): readonly T[] {
  if (name === "") return [];
  const start = name.toLowerCase();
  for (const whole of [start, start + DEFAULT_OPTIMIZER.toLowerCase()]) {
    const found = among.find(({ spec }) => spec.name.toLowerCase() === whole);
    if (found) return [found];
  }
  return among.filter(({ spec }) => spec.name.toLowerCase().startsWith(start));
}

/** The learning rate an optimizer uses unless it is told otherwise; undefined if it has none or sets it itself. */
export function defaultRate({ spec }: OptimizerClass): number | undefined {
  const rate = spec.options["lr"]?.default;
  return typeof rate === "number" ? rate : undefined;
}

/** Whether it evaluates at an average of where it has been, which is to take the place of a decay. */
export function averages({ spec }: OptimizerClass): boolean {
  return spec.points !== undefined;
}

/** Whether it adapts step sizes between bounds. They grow while a gradient keeps its sign, and on batches run away. */
export function boundsSteps({ spec }: OptimizerClass): boolean {
  return "stepSizes" in spec.options;
}

/** What decides about the learning rate. */
interface RateRecipe {
  /** The peak of the usual schedule; undefined for an optimizer without a learning rate. */
  readonly rate: number | undefined;
  readonly steps: number;
  /** An expression in place of the usual schedule. */
  readonly schedule?: string | undefined;
}

/**
 * The schedule that an expression says, or else linear warm-up over at most 200 steps, then a cosine down to a hundredth
 * or, for an optimizer that averages, a constant; undefined where the optimizer is left to itself.
 */
export function scheduleFor(
  optimizer: OptimizerClass,
  { rate, steps, schedule }: RateRecipe,
): NamedSchedule | undefined {
  if (schedule !== undefined) return parseSchedule(schedule);
  if (rate === undefined) return undefined;
  const warmup = Math.min(200, Math.floor(steps / 10));
  return averages(optimizer)
    ? schedules.warmup(schedules.constant(rate), warmup)
    : schedules.warmupCosine({ peak: rate, warmup, total: steps, floor: rate / 100 });
}

/** The options of a run, for those that an optimizer declares; the rate bounds step sizes that would run away. */
export function optionsFor(
  optimizer: OptimizerClass,
  { batch, ...recipe }: RateRecipe & { readonly batch: number },
): Readonly<Record<string, unknown>> {
  const { batchSize, stepSizes } = optimizer.spec.options;
  const lr = scheduleFor(optimizer, recipe);
  return {
    ...(lr && { lr }),
    ...(lr && stepSizes && { stepSizes: [(stepSizes.default as readonly number[])[0], lr] }),
    ...(batchSize && { batchSize: batch }),
  };
}

/** An optimizer of all parameters or, if it refuses those, of all but the vectors, which are frozen then. */
export function makeOptimizer(
  optimizer: OptimizerClass,
  parameters: Parameters,
  options: Readonly<Record<string, unknown>>,
): Optimizer {
  try {
    return new optimizer(parameters, options);
  } catch (error) {
    if (!(error instanceof SimdOptimError)) throw error;
    const made = new optimizer(
      parameters.where(({ ndim }) => ndim > 1),
      options,
    );
    for (const parameter of parameters) parameter.frozen = parameter.ndim <= 1;
    return made;
  }
}
