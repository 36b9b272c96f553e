/** Networks, the layers they are made of, and the functions that layers are made of. */
export * from "./functions/index.ts";
export type { AnyLayer, Layer, LayerParameter, Start } from "./layer.ts";
export * from "./layers/index.ts";
export { type Input, Network, type NetworkOptions, type Plan, plan } from "./network.ts";
export type { NormGradients, RunningOptions, RunningStatistics } from "./normalization.ts";
export type { Pass, PassOptions } from "./pass.ts";
export type { Pair } from "./window.ts";
