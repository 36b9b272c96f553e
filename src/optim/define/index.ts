/** What an optimizer is made of: see docs/guides/adding-an-optimizer.md. */
export type { Excursion } from "./excursion.ts";
export type { Norms, NormsChoice, StepNorms, StepOptions } from "./measure.ts";
export { defineOptimizer, type Group, Optimizer, type OptimizerClass } from "./optimizer.ts";
export {
  choice,
  flag,
  type Given,
  nullable,
  type Option,
  type Options,
  type Resolved,
  real,
  reals,
  type Scheduled,
  whole,
} from "./option.ts";
export type {
  GroupOptions,
  GroupStep,
  NonFinitePolicy,
  OptimizerOptions,
  OptimizerParams,
  OptimizerSpec,
  Points,
  Slot,
  Span,
  SpanWork,
  StepContext,
  WithCommon,
} from "./spec.ts";
export type { Steppable, Stepping } from "./steppable.ts";
export type { StepReport } from "./stepReport.ts";
