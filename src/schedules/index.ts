export * from "./anneal.ts";
export * from "./compose.ts";
export * from "./cycle.ts";
export * from "./decay.ts";
export * from "./plateau.ts";
export * from "./robbinsMonro.ts";
export * from "./scaling.ts";
