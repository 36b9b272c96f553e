/** Functions of layers over tensors, forward and backward. */

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
} from "./activation.ts";
export { addPositions, addPositionsBackward, addTo } from "./add.ts";
export { type AttentionOptions, type AttentionOutputs, causalAttention, causalAttentionBackward } from "./attention.ts";
export { batchNorm, batchNormBackward } from "./batchNorm.ts";
export {
  type Conv2dGradients,
  type Conv2dOptions,
  conv2d,
  conv2dBackward,
  conv2dBytes,
  conv2dShape,
} from "./conv2d.ts";
export { type DropoutOptions, dropout, dropoutBackward } from "./dropout.ts";
export { embedding, embeddingBackward } from "./embedding.ts";
export { groupNorm, groupNormBackward } from "./groupNorm.ts";
export { instanceNorm, instanceNormBackward } from "./instanceNorm.ts";
export { type LayerNormOptions, layerNorm, layerNormBackward } from "./layerNorm.ts";
export { type LinearGradients, linear, linearBackward } from "./linear.ts";
export {
  type AvgPoolOptions,
  avgPool2d,
  avgPool2dBackward,
  type MaxPoolOptions,
  maxPool2d,
  maxPool2dBackward,
  type PoolOptions,
  pool2dShape,
} from "./pool2d.ts";
export { type RmsNormOptions, rmsNorm, rmsNormBackward } from "./rmsNorm.ts";
export { softmax, softmaxBackward } from "./softmax.ts";
