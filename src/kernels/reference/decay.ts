/** Twin of assembly/decay.ts: the caller rounds what it returns as it stores it; the scalars are float32 already. */
import { mulAdd } from "./lanes.ts";

export function descended(before: number, shrink: number, along: number): number {
  return before - mulAdd(shrink, before, along);
}
