/** The twins: every export is the kernel of the same name, over views of a memory given first. */
export * from "./distribution.ts";
export * from "./elementwise.ts";
export * from "./fold.ts";
export * from "./layer/activation.ts";
export * from "./layer/rows.ts";
export * from "./loss/crossEntropy.ts";
export * from "./matrix/gemm.ts";
export * from "./optim/adaBelief.ts";
export * from "./optim/adaBound.ts";
export * from "./optim/adam.ts";
export * from "./optim/adan.ts";
export * from "./optim/ademamix.ts";
export * from "./optim/lion.ts";
export * from "./optim/nagGs.ts";
export * from "./optim/sgd.ts";
export * from "./optim/svrg.ts";
export * from "./optim/signum.ts";
export { randomBits } from "./random.ts";
