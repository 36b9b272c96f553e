/** What is done to gradients between the backward pass and the step. */
export { type Accumulated, GradientAccumulator, type GradientAccumulatorState } from "./accumulate.ts";
export { type AdaptiveClipOptions, clipGradAdaptive } from "./adaptiveClip.ts";
export { centralizeGradients } from "./centralize.ts";
export { clipGradNorm, clipGradValue, clipGroupNorms, type GradNormOptions, gradNorm } from "./clip.ts";
export { addGradientNoise, type GradientNoiseOptions } from "./noise.ts";
export { findNonFinite, type NonFinite, type StateOwner } from "./nonFinite.ts";
