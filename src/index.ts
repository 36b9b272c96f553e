/** Optimizers for training in any JavaScript runtime, over one linear memory. */
export { type ErrorCode, SimdOptimError } from "./check.ts";
export { clipGradNorm, clipGradValue } from "./clip.ts";
export type { Backend, LoadOptions } from "./engine.ts";
export { type KernelName, type Kernels, kernelNames, kernelTable } from "./kernels.ts";
export { embedding, embeddingBackward } from "./layers/embedding.ts";
export { linear, linearBackward } from "./layers/linear.ts";
export { tanh, tanhBackward } from "./layers/tanh.ts";
export { type GemmOptions, gemm } from "./linalg/gemm.ts";
export { type BinaryCrossEntropyOptions, binaryCrossEntropyWithLogits } from "./losses/binaryCrossEntropy.ts";
export { type CrossEntropyOptions, crossEntropy } from "./losses/crossEntropy.ts";
export { type SigmoidFocalOptions, type SoftmaxFocalOptions, sigmoidFocal, softmaxFocal } from "./losses/focal.ts";
export { type InfoNceOptions, infoNce, type NtXentOptions, ntXent } from "./losses/infoNce.ts";
export { type GaussianNllOptions, gaussianNll, type LaplaceNllOptions, laplaceNll } from "./losses/likelihood.ts";
export {
  type ContrastiveOptions,
  contrastive,
  type TripletMarginOptions,
  type TripletOptions,
  tripletMargin,
  tripletSquared,
} from "./losses/metric.ts";
export { l1Penalty, l1Prox, l2Penalty } from "./losses/penalty.ts";
export { type HuberOptions, huber, l1, mse, type SmoothL1Options, smoothL1 } from "./losses/regression.ts";
export { type ZLossOptions, zLoss } from "./losses/zLoss.ts";
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
export type { LossOptions, Reduction, ReductionOptions } from "./reduction.ts";
export { load, type Runtime } from "./runtime.ts";
export type { Schedule } from "./schedules.ts";
export * as schedules from "./schedules.ts";
export type { GroupOptions, NonFinitePolicy, OptimizerOptions, OptimizerParams, OptimizerSpec } from "./spec.ts";
export type { Tensor, View } from "./tensor.ts";
export { type AverageState, EMA, SWA, WeightAverage } from "./wrappers/average.ts";
export { Lookahead, type LookaheadState } from "./wrappers/lookahead.ts";
export { SAM } from "./wrappers/sam.ts";
export { type FiniteSum, SVRG, type SVRGOptions } from "./wrappers/svrg.ts";
