/** What can be saved and loaded. */
export type { LoadReport, OptimizerState } from "./savedState.ts";
export { runElsewhere } from "./shadow.ts";
export { DeferredArray, type SavedArray, type StateDictOptions, type Stateful } from "./stateful.ts";
