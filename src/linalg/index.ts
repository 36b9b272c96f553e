export { type GemmOptions, gemm } from "./gemm.ts";
