/** The kernels of all families: src/kernels/table.ts describes what this exports, no more and no less. */
export * from "./base";
export * from "./linalg";
export * from "./nn";
