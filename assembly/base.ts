/** What optimizers and parameters need: the rows of src/kernels/base.ts. */
export * from "./distribution";
export * from "./elementwise";
export * from "./fold";
export * from "./gradients/accumulate";
export * from "./gradients/adaptiveClip";
export * from "./gradients/centralize";
export * from "./loss/penalty";
export { stepNorms } from "./norms";
export * from "./optim/adaBelief";
export * from "./optim/adaBound";
export * from "./optim/adadelta";
export * from "./optim/adafactor";
export * from "./optim/adagrad";
export * from "./optim/adam";
export * from "./optim/adamax";
export * from "./optim/adan";
export * from "./optim/ademamix";
export * from "./optim/agd";
export * from "./optim/asgd";
export * from "./optim/lamb";
export * from "./optim/lion";
export * from "./optim/nadam";
export * from "./optim/nagGs";
export * from "./optim/prodigy";
export * from "./optim/rmsprop";
export * from "./optim/rprop";
export * from "./optim/scheduleFree";
export * from "./optim/sgd";
export * from "./optim/signum";
export * from "./optim/sophiaG";
export * from "./optim/svrg";
export * from "./random";

/** Float32 lanes of this build: 4 with SIMD, 1 without. */
export const LANES: i32 = ASC_FEATURE_SIMD ? 4 : 1;
