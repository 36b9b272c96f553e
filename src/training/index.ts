/** What goes round an optimizer: wrappers, averages, recipes, and the loop. */
export { type AverageState, EMA, SWA, WeightAverage } from "./average.ts";
export { Lookahead, type LookaheadState } from "./lookahead.ts";
export { gpt2Recipe, llamaRecipe, Recipe, type RecipeOptions } from "./recipes.ts";
export { SAM } from "./sam.ts";
export type { Spike, SpikeStatistics, SpikeThresholds } from "./spikeDetector.ts";
export { SpikeGuard, type SpikeGuardState } from "./spikeGuard.ts";
export type { BatchRange, GuardReport, SpikeGuardOptions, SpikePolicy } from "./spikePolicy.ts";
export { type StepsOptions, steps } from "./steps.ts";
export { type FiniteSum, SVRG, type SVRGOptions } from "./svrg.ts";
