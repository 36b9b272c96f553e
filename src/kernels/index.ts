/** The kernels, and what runs them. */
export type { Base, Linalg, Nn, Pointer, Real, Size } from "#wasm/kernels.js";
export type { Backend, LoadOptions } from "./engine.ts";
export type { Family } from "./family.ts";
export { linalg as linalgKernels } from "./linalg.ts";
export { nn as nnKernels } from "./nn.ts";
export { type KernelName, type Kernels, kernelNames, kernelTable } from "./table.ts";
