/** What composes optimizers. */
export { type AverageState, EMA, SWA, WeightAverage } from "./average.ts";
export { Lookahead, type LookaheadState } from "./lookahead.ts";
export { SAM } from "./sam.ts";
export { type Guarded, SpikeGuard, type SpikeGuardState } from "./spikeGuard.ts";
export { type FiniteSum, SVRG, type SVRGOptions } from "./svrg.ts";
