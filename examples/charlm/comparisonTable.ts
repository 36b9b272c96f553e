/** What a comparison found, in rows. */
import { count, rounded } from "../support/count.ts";
import { smoothLoss } from "../support/curves.ts";
import { aligned, type Description } from "../support/print.ts";
import type { CrossCheck } from "./crossCheck.ts";
import type { History } from "./history.ts";

/** One optimizer of a comparison. */
export interface Entry {
  readonly name: string;
  /** The peak of the learning rate; undefined where it was left to the optimizer. */
  readonly rate: number | undefined;
  /** How it is used here, in words. */
  readonly use: Description;
  readonly history: History;
  readonly check: CrossCheck;
  /** Bytes of state. */
  readonly bytes: number;
}

export const COLUMNS = [
  "optimizer",
  "learning rate",
  "training loss",
  "held-out loss",
  "seconds",
  "bytes of state",
] as const;

/** The held-out loss after the last step. */
export function finalLoss({ history }: Entry): number {
  return history.heldOut.at(-1)!.loss;
}

/** The lowest final held-out loss first. */
export function ranked<E extends Entry>(entries: readonly E[]): E[] {
  return [...entries].sort((a, b) => finalLoss(a) - finalLoss(b));
}

/** The cells of an entry, in the order of `COLUMNS`. */
export function cellsOf(entry: Entry): string[] {
  const { name, rate, history, bytes } = entry;
  return [
    name,
    rate === undefined ? "its own" : String(rate),
    rounded(smoothLoss(history.losses)),
    rounded(finalLoss(entry)),
    history.here.seconds.toFixed(1),
    count(bytes),
  ];
}

/** The table that is printed. */
export function comparisonTable(entries: readonly Entry[]): string {
  return aligned([COLUMNS, ...entries.map(cellsOf)]);
}
