/** Optimizers for training in any JavaScript runtime, over one linear memory. */
export { type ErrorCode, SimdOptimError } from "./check.ts";
export { clipGradNorm, clipGradValue } from "./clip.ts";
export type { Backend, LoadOptions } from "./engine.ts";
export { type KernelName, type Kernels, kernelNames, kernelTable } from "./kernels.ts";
export { batchNorm, batchNormBackward } from "./layers/batchNorm.ts";
export {
  type Conv2dGradients,
  type Conv2dOptions,
  conv2d,
  conv2dBackward,
  conv2dBytes,
  conv2dShape,
} from "./layers/conv2d.ts";
export { embedding, embeddingBackward } from "./layers/embedding.ts";
export { groupNorm, groupNormBackward } from "./layers/groupNorm.ts";
export { instanceNorm, instanceNormBackward } from "./layers/instanceNorm.ts";
export { type LayerNormOptions, layerNorm, layerNormBackward } from "./layers/layerNorm.ts";
export { linear, linearBackward } from "./layers/linear.ts";
export {
  type AvgPoolOptions,
  avgPool2d,
  avgPool2dBackward,
  type MaxPoolOptions,
  maxPool2d,
  maxPool2dBackward,
  type PoolOptions,
  pool2dShape,
} from "./layers/pool2d.ts";
export { type RmsNormOptions, rmsNorm, rmsNormBackward } from "./layers/rmsNorm.ts";
export { tanh, tanhBackward } from "./layers/tanh.ts";
export { type GemmOptions, gemm } from "./linalg/gemm.ts";
export { crossEntropy } from "./losses/crossEntropy.ts";
export type { NormGradients, RunningOptions, RunningStatistics } from "./normalization.ts";
export { agdInit } from "./optim/agd.ts";
export * from "./optim/index.ts";
export {
  defineOptimizer,
  type Group,
  type LoadReport,
  Optimizer,
  type OptimizerClass,
  type OptimizerState,
  type StepReport,
} from "./optimizer.ts";
export type { Option, Scheduled } from "./option.ts";
export type { Parameter, ParameterOptions, Parameters, Role, Selection } from "./parameters.ts";
export { normal, Random, type Source, uniform } from "./random.ts";
export { load, type Runtime } from "./runtime.ts";
export type { Schedule } from "./schedules.ts";
export * as schedules from "./schedules.ts";
export type { GroupOptions, NonFinitePolicy, OptimizerOptions, OptimizerParams, OptimizerSpec } from "./spec.ts";
export type { Tensor, View } from "./tensor.ts";
export { type AverageState, EMA, SWA, WeightAverage } from "./wrappers/average.ts";
export { Lookahead, type LookaheadState } from "./wrappers/lookahead.ts";
export { SAM } from "./wrappers/sam.ts";
export { type FiniteSum, SVRG, type SVRGOptions } from "./wrappers/svrg.ts";
