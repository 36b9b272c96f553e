/** What a model sees of a row: numbers made of its cells, by rules that come from the rows to learn from alone. */
import { BAD_INPUT, Failure } from "../support/failure.ts";
import { countTexts, numberReader, survey } from "./column.ts";
import type { Decimal } from "./numbers.ts";
import { placeOf, type Table } from "./table.ts";

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
  /** What stands before decimals, where the table shows it. */
  readonly decimal: Decimal | undefined;
}

/** An input for each text, 1 where the cell is that text; the most frequent text where it is missing. */
interface TextFeature extends Common {
  readonly kind: "text";
  readonly texts: readonly string[];
  readonly mode: string;
  /** Where most cells are numbers and some are not: those in words. */
  readonly exceptions: string | undefined;
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
  const cellOf = (row: number) => table.rows[row]![column]!;
  const isThere = (row: number) => !table.isMissing(cellOf(row));
  const known = rows.filter(isThere);
  const flagged = known.length < rows.length;
  if (known.length === 0) return "no values";
  // A text in a row held out makes it a column of texts too, or that row would have no value.
  const { odd, exceptions } = survey(table, column, [...table.rows.keys()].filter(isThere));
  if (odd.length === 0) {
    const { mean, deviation } = momentsOf(Float64Array.from(known, numberReader(table, column)));
    const decimal = table.conventions.columns[column];
    return deviation > 0 ? { kind: "number", column, flagged, mean, deviation, decimal } : "always the same";
  }
  const counts = countTexts(known.map(cellOf));
  if (counts.size > MOST_TEXTS) {
    const numbers = exceptions && `numbers but for ${exceptions}, which makes `;
    return `${numbers ?? ""}${counts.size} different texts${numbers ? "" : `, such as "${cellOf(odd[0]!)}"`}`;
  }
  if (counts.size === 1 && !flagged) return "always the same";
  const [mode] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  return { kind: "text", column, flagged, texts: [...counts.keys()], mode, exceptions };
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
  const encoders = list.map((feature) => encoderOf(table, feature));
  const x = new Float32Array(rows.length * inputs);
  let at = 0;
  for (const row of rows) {
    for (const [i, encode] of encoders.entries()) {
      encode(row, x, at);
      at += widthOf(list[i]!);
    }
  }
  return x;
}

/** Writes the inputs that a feature makes of a row, from `at` on, where all are 0. */
type Encoder = (row: number, x: Float32Array, at: number) => void;

function encoderOf(table: Table, feature: Feature): Encoder {
  const { column, flagged } = feature;
  const width = widthOf(feature);
  const write = feature.kind === "number" ? numberEncoder(table, feature) : textEncoder(table, feature);
  return (row, x, at) => {
    const missing = table.isMissing(table.rows[row]![column]!);
    write(row, missing, x, at);
    if (flagged) x[at + width - 1] = missing ? 1 : 0;
  };
}

type Writer = (row: number, missing: boolean, x: Float32Array, at: number) => void;

function numberEncoder(table: Table, { column, mean, deviation, decimal }: NumberFeature): Writer {
  const toNumber = numberReader(table, column, decimal);
  return (row, missing, x, at) => {
    const value = missing ? mean : toNumber(row);
    if (Number.isNaN(value)) {
      const problem = `${placeOf(table, row, column)} is no number, as those learned from are`;
      throw new Failure(`${table.title}: ${problem}`, BAD_INPUT);
    }
    x[at] = (value - mean) / deviation;
  };
}

function textEncoder(table: Table, { column, texts, mode }: TextFeature): Writer {
  const places = new Map(texts.map((text, i) => [text, i]));
  return (row, missing, x, at) => {
    // A text that is in no row to learn from is none of them.
    const place = places.get(missing ? mode : table.rows[row]![column]!);
    if (place !== undefined) x[at + place] = 1;
  };
}

/** How many cells of the features are missing in some rows. */
export function countMissing(table: Table, { list }: Features, rows: readonly number[]): number {
  return list.reduce(
    (sum, { column }) => sum + rows.filter((row) => table.isMissing(table.rows[row]![column]!)).length,
    0,
  );
}
