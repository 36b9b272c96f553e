/**
 * Optimizers, and what training takes besides, in any JavaScript runtime, over one linear memory.
 *
 * @module simd-optim
 */
export {
  type Copied,
  type OutsideArray,
  type OutsideArrays,
  type OutsideStepOptions,
  type Wrapped,
  wrap,
} from "./adapters/wrap.ts";
export * from "./checkpoint/index.ts";
export { type ErrorCode, SimdOptimError } from "./core/check.ts";
export * from "./gradients/index.ts";
export * from "./kernels/index.ts";
export * from "./linalg/index.ts";
export * from "./losses/index.ts";
export * from "./memory/index.ts";
export * from "./monitor/index.ts";
export * from "./nn/index.ts";
export { agdInit } from "./optim/agd.ts";
export * from "./optim/define/index.ts";
export * from "./optim/index.ts";
export {
  type BaseShapes,
  type MupFactors,
  type MupGroup,
  type MupGroupsOptions,
  type MupOptimizer,
  type MupRole,
  mup,
  mupGroups,
} from "./optim/mup.ts";
export * as schedules from "./schedules/index.ts";
export { parseSchedule } from "./schedules/parse.ts";
export type { NamedSchedule, Schedule, Tail } from "./schedules/schedule.ts";
export * from "./state/index.ts";
export * from "./tensor/index.ts";
export * from "./training/index.ts";
