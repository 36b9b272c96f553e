/** The kernels, and what runs them. */
export type { Backend, LoadOptions } from "./engine.ts";
export { type KernelName, type Kernels, kernelNames, kernelTable } from "./table.ts";
