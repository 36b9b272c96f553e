/** Linear algebra: the rows of src/kernels/linalg.ts. */
export * from "./matrix/gemm";
