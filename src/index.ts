/** Optimizers for training in any JavaScript runtime, over one linear memory. */
export type { ByteSource, Readable } from "./byteSource.ts";
export { type ErrorCode, SimdOptimError } from "./check.ts";
export type { Parts } from "./checkpointFormat.ts";
export { clipGradNorm, clipGradValue } from "./clip.ts";
export type { Dtype } from "./dtype.ts";
export type { Backend, LoadOptions } from "./engine.ts";
export { type KernelName, type Kernels, kernelNames, kernelTable } from "./kernels.ts";
export { embedding, embeddingBackward } from "./layers/embedding.ts";
export { linear, linearBackward } from "./layers/linear.ts";
export { tanh, tanhBackward } from "./layers/tanh.ts";
export { type GemmOptions, gemm } from "./linalg/gemm.ts";
export { type LoadParametersOptions, loadParameters, type ParametersReport } from "./loadParameters.ts";
export { crossEntropy } from "./losses/crossEntropy.ts";
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
export { normal, Random, type RandomState, type Source, uniform } from "./random.ts";
export { type CheckpointReport, type ReadCheckpointOptions, readCheckpoint } from "./readCheckpoint.ts";
export { load, type Runtime } from "./runtime.ts";
export { type ReadTensor, readSafetensors, Safetensors, type WriteTensor } from "./safetensors.ts";
export type { Schedule } from "./schedules.ts";
export * as schedules from "./schedules.ts";
export type { GroupOptions, NonFinitePolicy, OptimizerOptions, OptimizerParams, OptimizerSpec } from "./spec.ts";
export { DeferredArray, type SavedArray, type StateDictOptions, type Stateful } from "./stateful.ts";
export type { Tensor, View } from "./tensor.ts";
export { readTorchState, type TorchStateOptions, writeTorchState } from "./torchState.ts";
export { type AverageState, EMA, SWA, WeightAverage } from "./wrappers/average.ts";
export { Lookahead, type LookaheadState } from "./wrappers/lookahead.ts";
export { SAM } from "./wrappers/sam.ts";
export { type FiniteSum, SVRG, type SVRGOptions } from "./wrappers/svrg.ts";
export { writeCheckpoint } from "./writeCheckpoint.ts";
