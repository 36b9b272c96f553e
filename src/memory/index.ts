/** Element types. */
export type { ElementArrays, ElementType, TypedArray } from "./elementType.ts";
