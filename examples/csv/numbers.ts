/** Numbers as tables write them: with a point or a comma before decimals, and the other between thousands. */

/** What stands before decimals. */
export type Decimal = "." | ",";

const WHOLE = /^[+-]?\d+$/;
const PATTERNS: Readonly<Record<Decimal, RegExp>> = {
  ".": /^[+-]?(\d+\.?\d*|\.\d+|[1-9]\d{0,2}(,\d{3})+(\.\d*)?)(e[+-]?\d+)?$/i,
  ",": /^[+-]?(\d+,?\d*|,\d+|[1-9]\d{0,2}(\.\d{3})+(,\d*)?)(e[+-]?\d+)?$/i,
};
/** The largest that a float32 holds, about. */
const LARGEST = 3e38;

/** The number that a cell is by one convention; NaN for anything that is not a number which a float32 can hold. */
export function readAs(cell: string, decimal: Decimal): number {
  if (!PATTERNS[decimal].test(cell)) return Number.NaN;
  const value = Number(decimal === "." ? cell.replaceAll(",", "") : cell.replaceAll(".", "").replace(",", "."));
  return Math.abs(value) <= LARGEST ? value : Number.NaN;
}

/** Whether a cell is a number by either convention. */
export function isNumber(cell: string): boolean {
  return !Number.isNaN(readAs(cell, ".")) || !Number.isNaN(readAs(cell, ","));
}

/** The conventions of a table. */
export interface Conventions {
  /** The one of each column. */
  readonly columns: readonly (Decimal | undefined)[];
  /** The one of all of it. */
  readonly table: Decimal | undefined;
}

/**
 * Finds which convention a table follows; undefined where there is no telling. A cell that only one of them can read,
 * such as 1,5 or 0.125, is evidence for its column; the evidence of all columns of numbers counts for those without.
 * Without any, commas between fields leave none for decimals. Cells that are missing are not to be among those given.
 */
export function findConventions(columns: Iterable<readonly string[]>, delimiter: string): Conventions {
  const found = Array.from(columns, evidence);
  const all = new Set(found.flatMap((decimals) => [...decimals]));
  const usual = all.size === 0 && delimiter === "," ? "." : only(all);
  return { columns: found.map((decimals) => (decimals.size === 0 ? usual : only(decimals))), table: only(all) };
}

function only<T>(values: ReadonlySet<T>): T | undefined {
  return values.size === 1 ? [...values][0] : undefined;
}

/** What the cells of a column are evidence for: nothing, unless most of them are numbers. */
function evidence(cells: readonly string[]): Set<Decimal> {
  const decimals = new Set<Decimal>();
  let numbers = 0;
  for (const cell of cells) {
    if (WHOLE.test(cell)) {
      numbers++;
      continue;
    }
    const [point, comma] = [readAs(cell, "."), readAs(cell, ",")].map(Number.isNaN);
    if (!point || !comma) numbers++;
    if (point !== comma) decimals.add(point ? "," : ".");
  }
  return 2 * numbers > cells.length ? decimals : new Set();
}

/** A number with that before its decimals. */
export function written(value: number, decimal: Decimal): string {
  return String(value).replace(".", decimal);
}
