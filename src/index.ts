/**
 * Optimizers, and what training takes besides, in any JavaScript runtime, over one linear memory.
 *
 * @module simd-optim
 */
export type { ByteSource, Readable } from "./byteSource.ts";
export { type ErrorCode, SimdOptimError } from "./check.ts";
export type { Parts } from "./checkpointFormat.ts";
export { clipGradNorm, clipGradValue, clipGroupNorms, type GradNormOptions, gradNorm } from "./clip.ts";
export type { Declarations, ParameterOptions } from "./declare.ts";
export type { Dtype, TypedArray } from "./dtype.ts";
export type { Backend, LoadOptions } from "./engine.ts";
export * from "./gradients/index.ts";
export { type GroupRule, groupsBy, groupTable } from "./groups.ts";
export * as init from "./init.ts";
export { type KernelName, type Kernels, kernelNames, kernelTable } from "./kernels.ts";
export type { AnyLayer, Layer, LayerParameter, Pass, PassOptions, Start } from "./layer.ts";
export * from "./layers/index.ts";
export { type GemmOptions, gemm } from "./linalg/gemm.ts";
export { type LoadParametersOptions, loadParameters, type ParametersReport } from "./loadParameters.ts";
export * from "./losses/index.ts";
export type { Norms, NormsChoice, StepNorms, StepOptions } from "./measure.ts";
export * from "./modules/index.ts";
export * from "./monitor/index.ts";
export {
  type BaseShapes,
  type MupFactors,
  type MupGroup,
  type MupGroupsOptions,
  type MupOptimizer,
  type MupRole,
  mup,
  mupGroups,
} from "./mup.ts";
export { type Input, Network, type NetworkOptions, type Plan, plan } from "./network.ts";
export type { NormGradients, RunningOptions, RunningStatistics } from "./normalization.ts";
export { agdInit } from "./optim/agd.ts";
export * from "./optim/index.ts";
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
export type { Clip, Clipping, Parameter, Parameters, Role, Selection } from "./parameters.ts";
export { parseSchedule } from "./parseSchedule.ts";
export { normal, Random, type RandomState, type Source, uniform } from "./random.ts";
export { type CheckpointReport, type ReadCheckpointOptions, readCheckpoint } from "./readCheckpoint.ts";
export { gpt2Recipe, llamaRecipe, Recipe, type RecipeOptions } from "./recipes.ts";
export type { LossOptions, Reduction, ReductionOptions } from "./reduction.ts";
export { load, type Runtime } from "./runtime.ts";
export {
  type ReadTensor,
  readSafetensors,
  Safetensors,
  type SafetensorsContent,
  type WriteTensor,
} from "./safetensors.ts";
export type { LoadReport, OptimizerState } from "./savedState.ts";
export type { NamedSchedule, Schedule, Tail } from "./schedule.ts";
export * as schedules from "./schedules/index.ts";
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
export type { Spike, SpikeStatistics, SpikeThresholds } from "./spikeDetector.ts";
export type { BatchRange, GuardReport, SpikeGuardOptions, SpikePolicy } from "./spikePolicy.ts";
export { DeferredArray, type SavedArray, type StateDictOptions, type Stateful } from "./stateful.ts";
export type { StepReport } from "./stepReport.ts";
export { type StepsOptions, steps } from "./steps.ts";
export type { ElementArrays, ElementType, Tensor, View } from "./tensor.ts";
export { readTorchState, type TorchStateOptions, writeTorchState } from "./torchState.ts";
export type { Pair } from "./window.ts";
export {
  type Copied,
  type OutsideArray,
  type OutsideArrays,
  type OutsideStepOptions,
  type Stepper,
  type Wrapped,
  wrap,
} from "./wrap.ts";
export * from "./wrappers/index.ts";
export { writeCheckpoint } from "./writeCheckpoint.ts";
