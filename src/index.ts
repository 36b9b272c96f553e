/** Optimizers for training in any JavaScript runtime, over one linear memory. */
export type { ByteSource, Readable } from "./byteSource.ts";
export { type ErrorCode, SimdOptimError } from "./check.ts";
export { clipGradNorm, clipGradValue, clipGroupNorms, gradNorm } from "./clip.ts";
export type { Parts } from "./checkpointFormat.ts";
export { clipGradNorm, clipGradValue } from "./clip.ts";
export type { Dtype } from "./dtype.ts";
export type { Backend, LoadOptions } from "./engine.ts";
export { type GroupRule, groupsBy, groupTable } from "./groups.ts";
export {
  type Accumulated,
  GradientAccumulator,
  type GradientAccumulatorState,
  type Reduction,
} from "./gradients/accumulate.ts";
export { type AdaptiveClipOptions, clipGradAdaptive } from "./gradients/adaptiveClip.ts";
export { centralizeGradients } from "./gradients/centralize.ts";
export { addGradientNoise, type GradientNoiseOptions } from "./gradients/noise.ts";
export { findNonFinite, type NonFinite } from "./gradients/nonFinite.ts";
export * as init from "./init.ts";
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
export type { AnyLayer, Layer, LayerParameter, Pass, PassOptions, Start } from "./layer.ts";
export {
  type GeluOptions,
  gelu,
  relu,
  reluBackward,
  sigmoid,
  sigmoidBackward,
  silu,
  slopeBackward,
  tanh,
  tanhBackward,
} from "./layers/activation.ts";
export { addPositions, addPositionsBackward, addTo } from "./layers/add.ts";
export {
  type AttentionOptions,
  type AttentionOutputs,
  causalAttention,
  causalAttentionBackward,
} from "./layers/attention.ts";
export { type DropoutOptions, dropout, dropoutBackward } from "./layers/dropout.ts";
export { embedding, embeddingBackward } from "./layers/embedding.ts";
export { type LinearGradients, linear, linearBackward } from "./layers/linear.ts";
export { softmax, softmaxBackward } from "./layers/softmax.ts";
export { type GemmOptions, gemm } from "./linalg/gemm.ts";
export { type LoadParametersOptions, loadParameters, type ParametersReport } from "./loadParameters.ts";
export { crossEntropy } from "./losses/crossEntropy.ts";
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
export type { Norms, NormsChoice, StepNorms, StepOptions } from "./measure.ts";
export { jsonLines } from "./monitor/jsonLines.ts";
export {
  Monitor,
  type MonitorOptions,
  type MonitorRecord,
  type MonitorState,
  type Sink,
  type StepFacts,
} from "./monitor/monitor.ts";
export { GradientNoiseScale, type NoiseScaleState } from "./monitor/noiseScale.ts";
export { tensorBoard } from "./monitor/tensorBoard.ts";
export type { NormGradients, RunningOptions, RunningStatistics } from "./normalization.ts";
export * from "./modules/index.ts";
export { type Input, Network, type NetworkOptions, type Plan, plan } from "./network.ts";
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
export { parseSchedule } from "./parseSchedule.ts";
export type { Clip, Clipping, Parameter, ParameterOptions, Parameters, Role, Selection } from "./parameters.ts";
export { normal, Random, type Source, uniform } from "./random.ts";
export { gpt2Recipe, llamaRecipe, Recipe, type RecipeOptions } from "./recipes.ts";
export { load, type Runtime } from "./runtime.ts";
export type { NamedSchedule, Schedule, Tail } from "./schedule.ts";
export * as schedules from "./schedules/index.ts";
export type { GroupOptions, NonFinitePolicy, OptimizerOptions, OptimizerParams, OptimizerSpec } from "./spec.ts";
export type { Spike, SpikeStatistics, SpikeThresholds } from "./spikeDetector.ts";
export type { BatchRange, GuardReport, SpikeGuardOptions, SpikePolicy } from "./spikePolicy.ts";
export { normal, Random, type RandomState, type Source, uniform } from "./random.ts";
export { type CheckpointReport, type ReadCheckpointOptions, readCheckpoint } from "./readCheckpoint.ts";
export { load, type Runtime } from "./runtime.ts";
export { type ReadTensor, readSafetensors, Safetensors, type WriteTensor } from "./safetensors.ts";
export type { Schedule } from "./schedules.ts";
export * as schedules from "./schedules.ts";
export type { GroupOptions, NonFinitePolicy, OptimizerOptions, OptimizerParams, OptimizerSpec } from "./spec.ts";
export { DeferredArray, type SavedArray, type StateDictOptions, type Stateful } from "./stateful.ts";
export { type StepsOptions, steps } from "./steps.ts";
export type { Tensor, View } from "./tensor.ts";
export { readTorchState, type TorchStateOptions, writeTorchState } from "./torchState.ts";
export { type AverageState, EMA, SWA, WeightAverage } from "./wrappers/average.ts";
export { Lookahead, type LookaheadState } from "./wrappers/lookahead.ts";
export { SAM } from "./wrappers/sam.ts";
export { type Guarded, SpikeGuard, type SpikeGuardState } from "./wrappers/spikeGuard.ts";
export { type FiniteSum, SVRG, type SVRGOptions } from "./wrappers/svrg.ts";
export { writeCheckpoint } from "./writeCheckpoint.ts";
