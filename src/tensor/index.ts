/** Tensors and parameters in linear memory, and what fills them. */
export type { Declarations, ParameterOptions } from "./declare.ts";
export type { Clip, Clipping } from "./gradientScale.ts";
export { type GroupRule, groupsBy, groupTable } from "./groups.ts";
export * as init from "./init.ts";
export type { Parameter, Parameters, Role, Selection } from "./parameters.ts";
export { normal, Random, type RandomState, type Source, uniform } from "./random.ts";
export { load, type Runtime } from "./runtime.ts";
export type { Tensor, View } from "./tensor.ts";
