/** What a cell of a table may be. */
import type { Table } from "./table.ts";

/** What stands for a value that is not known, in lower case. */
const MISSING = new Set(["", "?", "na", "n/a", "nan", "null"]);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const LARGEST = 3e38;

export function isMissing(cell: string): boolean {
  return MISSING.has(cell.toLowerCase());
}

/**
 * How the numbers of a table are read: with a decimal comma too where commas do not separate fields. NaN for anything
 * that is not a number which a float32 can hold.
 */
export function numberReader({ delimiter }: Table): (cell: string) => number {
  return (cell) => {
    const text = delimiter === ";" ? cell.replace(",", ".") : cell;
    const value = NUMBER.test(text) ? Number(text) : Number.NaN;
    return Math.abs(value) <= LARGEST ? value : Number.NaN;
  };
}

/** How often each text occurs, in the order of the texts. */
export function countTexts(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
