/** Element types. */
export type { Dtype, TypedArray } from "./dtype.ts";
