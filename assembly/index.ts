/** The exports of the Wasm module: what src/kernels.ts describes, no more and no less. */
export * from "./distribution";
export * from "./elementwise";
export * from "./fold";
export * from "./layer/activation";
export * from "./layer/rows";
export * from "./loss/crossEntropy";
export * from "./matrix/gemm";
export * from "./optim/adafactor";
export * from "./optim/adam";
export * from "./optim/agd";
export * from "./optim/prodigy";
export * from "./optim/scheduleFree";
export * from "./optim/sgd";
export * from "./random";

/** Float32 lanes of this build: 4 with SIMD, 1 without. */
export const LANES: i32 = ASC_FEATURE_SIMD ? 4 : 1;
