/** What a model sees of a row: numbers made of its cells, by rules that come from the rows to learn from alone. */
import { BAD_INPUT, Failure } from "../charlm/failure.ts";
import { countTexts, isMissing, numberReader } from "./cell.ts";
import type { Table } from "./table.ts";

/** Texts of a column that get an input each, at most. */
const MOST_TEXTS = 50;
/** Inputs of all rows together, at most: 1 GiB. */
const MOST_NUMBERS = 2 ** 28;

interface Common {
  readonly column: number;
  /** Whether an input of its own says that the cell was empty. */
  readonly flagged: boolean;
}

/** A number less its mean, over its deviation; the mean where it is missing. */
interface NumberFeature extends Common {
  readonly kind: "number";
  readonly mean: number;
  readonly deviation: number;
}

/** An input for each text, 1 where the cell is that text; the most frequent text where it is missing. */
interface TextFeature extends Common {
  readonly kind: "text";
  readonly texts: readonly string[];
  readonly mode: string;
}

export type Feature = NumberFeature | TextFeature;

export interface Features {
  readonly list: readonly Feature[];
  /** The columns that are of no use, by name, and why. */
  readonly unused: readonly (readonly [column: string, reason: string])[];
  /** Inputs of the model. */
  readonly inputs: number;
}

/** Finds the rules for the columns given, from the rows given. */
export function fitFeatures(table: Table, columns: readonly number[], rows: readonly number[]): Features {
  const list: Feature[] = [];
  const unused: [string, string][] = [];
  for (const column of columns) {
    const found = fitColumn(table, column, rows);
    if (typeof found === "string") unused.push([table.columns[column]!, found]);
    else list.push(found);
  }
  if (list.length === 0) {
    const reasons = unused.map(([column, reason]) => `"${column}": ${reason}`).join("; ");
    throw new Failure(`${table.title}: no column to learn from${reasons && `: ${reasons}`}`, BAD_INPUT);
  }
  return { list, unused, inputs: list.reduce((sum, feature) => sum + widthOf(feature), 0) };
}

/** The rule for a column, or why there is none. */
function fitColumn(table: Table, column: number, rows: readonly number[]): Feature | string {
  const cells = rows.map((row) => table.rows[row]![column]!).filter((cell) => !isMissing(cell));
  const flagged = cells.length < rows.length;
  if (cells.length === 0) return "no values";
  const toNumber = numberReader(table);
  // A text in a row held out makes it a column of texts too, or that row would have no value.
  const odd = table.rows.find((row) => !isMissing(row[column]!) && Number.isNaN(toNumber(row[column]!)));
  if (!odd) {
    const { mean, deviation } = momentsOf(Float64Array.from(cells, toNumber));
    return deviation > 0 ? { kind: "number", column, flagged, mean, deviation } : "always the same";
  }
  const counts = countTexts(cells);
  if (counts.size > MOST_TEXTS) return `${counts.size} different texts, such as "${odd[column]}"`;
  if (counts.size === 1 && !flagged) return "always the same";
  const [mode] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  return { kind: "text", column, flagged, texts: [...counts.keys()], mode };
}

/** Mean and deviation (over n), in two passes: values far from 0 lose nothing. */
export function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  const { length } = values;
  const mean = values.reduce((sum, value) => sum + value / length, 0);
  const variance = values.reduce((sum, value) => sum + ((value - mean) * (value - mean)) / length, 0);
  // A constant need not be equal to its mean, which is rounded.
  const varies = values.some((value) => value !== values[0]);
  return { mean, deviation: varies ? Math.sqrt(variance) : 0 };
}

function widthOf(feature: Feature): number {
  return (feature.kind === "number" ? 1 : feature.texts.length) + (feature.flagged ? 1 : 0);
}

/** The inputs of some rows, row by row. */
export function encodeRows(table: Table, { list, inputs }: Features, rows: readonly number[]): Float32Array {
  if (rows.length * inputs > MOST_NUMBERS) {
    throw new Failure(`${table.title}: too large: ${rows.length} rows of ${inputs} inputs`, BAD_INPUT);
  }
  const toNumber = numberReader(table);
  const x = new Float32Array(rows.length * inputs);
  let at = 0;
  for (const row of rows) {
    for (const feature of list) {
      const cell = table.rows[row]![feature.column]!;
      const missing = isMissing(cell);
      if (feature.kind === "number") {
        const value = missing ? feature.mean : toNumber(cell);
        if (Number.isNaN(value)) {
          const place = `in row ${row + 1} of column "${table.columns[feature.column]}"`;
          throw new Failure(`${table.title}: "${cell}" ${place} is no number, as those learned from are`, BAD_INPUT);
        }
        x[at++] = (value - feature.mean) / feature.deviation;
      } else {
        // A text that is in no row to learn from is none of them.
        const place = feature.texts.indexOf(missing ? feature.mode : cell);
        if (place >= 0) x[at + place] = 1;
        at += feature.texts.length;
      }
      if (feature.flagged) x[at++] = missing ? 1 : 0;
    }
  }
  return x;
}

/** How many cells of the features are missing in some rows. */
export function countMissing(table: Table, { list }: Features, rows: readonly number[]): number {
  return list.reduce((sum, { column }) => sum + rows.filter((row) => isMissing(table.rows[row]![column]!)).length, 0);
}
