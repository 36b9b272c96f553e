/** The twins: every export is the kernel of the same name, over views of a memory given first. */
export * from "./distribution.ts";
export * from "./elementwise.ts";
export * from "./fold.ts";
export * from "./layer/activation.ts";
export * from "./layer/rows.ts";
export * from "./loss/crossEntropy.ts";
export * from "./matrix/gemm.ts";
export * from "./optim/adafactor.ts";
export * from "./optim/adam.ts";
export * from "./optim/agd.ts";
export * from "./optim/prodigy.ts";
export * from "./optim/scheduleFree.ts";
export * from "./optim/sgd.ts";
export { randomBits } from "./random.ts";
