/** Linear algebra: over tensors, and by address for rules of your own. */
export { type GemmOptions, gemm, product } from "./gemm.ts";
export { type Matrix, rowMajor, transpose } from "./matrix.ts";
