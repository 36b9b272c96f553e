/** The exports of the Wasm module: what src/kernels.ts describes, no more and no less. */
export * from "./distribution";
export * from "./elementwise";
export * from "./fold";
export * from "./layer/activation";
export * from "./layer/channelNorm";
export * from "./layer/rowNorm";
export * from "./layer/rows";
export * from "./loss/crossEntropy";
export * from "./matrix/gemm";
export * from "./optim/adadelta";
export * from "./optim/adagrad";
export * from "./optim/adam";
export * from "./optim/adamax";
export * from "./optim/asgd";
export * from "./optim/nadam";
export * from "./optim/rmsprop";
export * from "./optim/rprop";
export * from "./optim/adaBelief";
export * from "./optim/adaBound";
export * from "./optim/adam";
export * from "./optim/adan";
export * from "./optim/ademamix";
export * from "./optim/lamb";
export * from "./optim/lion";
export * from "./optim/nagGs";
export * from "./optim/adafactor";
export * from "./optim/adam";
export * from "./optim/agd";
export * from "./optim/prodigy";
export * from "./optim/scheduleFree";
export * from "./optim/sgd";
export * from "./optim/svrg";
export * from "./optim/signum";
export * from "./optim/sophiaG";
export * from "./random";

/** Float32 lanes of this build: 4 with SIMD, 1 without. */
export const LANES: i32 = ASC_FEATURE_SIMD ? 4 : 1;
