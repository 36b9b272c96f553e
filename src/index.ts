/** Optimizers for training in any JavaScript runtime, over one linear memory. */
export { type ErrorCode, SimdOptimError } from "./check.ts";
export { clipGradNorm, clipGradValue } from "./clip.ts";
export type { Backend, LoadOptions } from "./engine.ts";
export { type KernelName, type Kernels, kernelNames, kernelTable } from "./kernels.ts";
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
export { crossEntropy } from "./losses/crossEntropy.ts";
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
