/** Losses, each with its gradient. */

export { type BinaryCrossEntropyOptions, binaryCrossEntropyWithLogits } from "./binaryCrossEntropy.ts";
export { type CrossEntropyOptions, crossEntropy } from "./crossEntropy.ts";
export { type SigmoidFocalOptions, type SoftmaxFocalOptions, sigmoidFocal, softmaxFocal } from "./focal.ts";
export { type InfoNceOptions, infoNce, type NtXentOptions, ntXent } from "./infoNce.ts";
export { type GaussianNllOptions, gaussianNll, type LaplaceNllOptions, laplaceNll } from "./likelihood.ts";
export {
  type ContrastiveOptions,
  contrastive,
  type TripletMarginOptions,
  type TripletOptions,
  tripletMargin,
  tripletSquared,
} from "./metric.ts";
export { l1Penalty, l1Prox, l2Penalty } from "./penalty.ts";
export type { LossOptions, Reduction, ReductionOptions } from "./reduction.ts";
export { type HuberOptions, huber, l1, mse, type SmoothL1Options, smoothL1 } from "./regression.ts";
export { type ZLossOptions, zLoss } from "./zLoss.ts";
