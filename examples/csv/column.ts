/** What the cells of a column are. */
import { BAD_USAGE, Failure } from "../support/failure.ts";
import { type Decimal, isNumber, readAs } from "./numbers.ts";
import { placeOf, type Table } from "./table.ts";

/** The number in a row; NaN for what is none. */
export type NumberReader = (row: number) => number;

/**
 * Reads the numbers of a column by the convention asked for or, where none is, that of the column; `otherwise` is for one
 * that shows none. Refuses a cell that may be either of two numbers.
 */
export function numberReader(table: Table, column: number, otherwise?: Decimal): NumberReader {
  const { asked, conventions, rows } = table;
  const decimal = conventions.columns[column] ?? otherwise;
  return (row) => {
    const cell = rows[row]![column]!;
    if (asked) return readAs(cell, asked);
    const [point, comma] = [readAs(cell, "."), readAs(cell, ",")];
    if (Number.isNaN(comma) || point === comma) return point;
    if (Number.isNaN(point)) return comma;
    if (decimal) return decimal === "." ? point : comma;
    const problem = `may be ${point} or ${comma}; --decimal says which`;
    throw new Failure(`${table.title}: ${placeOf(table, row, column)} ${problem}`, BAD_USAGE);
  };
}

/** The cells of some rows of a column that are no numbers. */
export interface Survey {
  /** Their rows. */
  readonly odd: readonly number[];
  /** The same in words, where most of the others are numbers. */
  readonly exceptions: string | undefined;
}

/** Tells numbers from texts in some rows of a column, in none of which it is missing. */
export function survey(table: Table, column: number, rows: readonly number[]): Survey {
  const { asked } = table;
  const odd = rows.filter((row) => {
    const cell = table.rows[row]![column]!;
    return asked ? Number.isNaN(readAs(cell, asked)) : !isNumber(cell);
  });
  const mixed = odd.length > 0 && 2 * odd.length < rows.length;
  return { odd, exceptions: mixed ? describeOdd(table, column, odd) : undefined };
}

/** The first of some cells that are no numbers, and how many more there are. */
export function describeOdd(table: Table, column: number, [first, ...rest]: readonly number[]): string {
  const more = rest.length > 0 ? ` and ${rest.length} more` : "";
  return `"${table.rows[first!]![column]}" in line ${table.lines[first!]}${more}`;
}

/** How often each text occurs, in the order of the texts. */
export function countTexts(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
