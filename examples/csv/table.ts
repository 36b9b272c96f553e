/** A CSV file as a table of texts. */
import { CsvError, parse } from "csv-parse/sync";
import { distance } from "fastest-levenshtein";
import { BAD_INPUT, BAD_USAGE, Failure } from "../charlm/failure.ts";
import type { Text } from "../charlm/text.ts";

export type Delimiter = "," | ";" | "\t";

export interface Table {
  /** What it is, for people. */
  readonly title: string;
  readonly delimiter: Delimiter;
  readonly columns: readonly string[];
  /** The rows below the header, each as long as it. */
  readonly rows: readonly (readonly string[])[];
}

const DELIMITERS: readonly Delimiter[] = [",", ";", "\t"];
const FORMAT = { trim: true, skip_empty_lines: true };
/** Records that are looked at to find the delimiter. */
const TRIED = 20;
const MOST_LISTED = 20;

/** Reads a table whose first line names its columns. */
export function parseTable({ title, content }: Text): Table {
  const delimiter = detectDelimiter(content);
  const [header, ...rows] = parseRecords(title, content, delimiter);
  if (!header) throw new Failure(`${title}: there is nothing in it but blank lines`, BAD_INPUT);
  const columns = header.map((name, i) => name || `column ${i + 1}`);
  const twice = new Set(columns.filter((name, i) => columns.indexOf(name) !== i));
  if (twice.size > 0) throw new Failure(`${title}: more than one column is called ${quoted([...twice])}`, BAD_INPUT);
  if (rows.length === 0) throw new Failure(`${title}: no rows below the header ${quoted(columns)}`, BAD_INPUT);
  return { title, delimiter, columns, rows };
}

/** The delimiter that gives the first records the most fields: the same number each, if there is such a delimiter. */
function detectDelimiter(content: string): Delimiter {
  const tried = DELIMITERS.map((delimiter) => {
    const lengths = firstRecords(content, delimiter).map(({ length }) => length);
    const length = lengths[0] ?? 1;
    return { delimiter, length, even: length > 1 && lengths.every((other) => other === length) };
  });
  const [best] = tried.sort((a, b) => Number(b.even) - Number(a.even) || b.length - a.length);
  return best!.delimiter;
}

function firstRecords(content: string, delimiter: Delimiter): string[][] {
  try {
    return parse(content, { ...FORMAT, delimiter, to: TRIED, relax_column_count: true });
  } catch {
    // What a wrong delimiter makes of a file need not be CSV at all.
    return [];
  }
}

function parseRecords(title: string, content: string, delimiter: Delimiter): string[][] {
  try {
    return parse(content, { ...FORMAT, delimiter });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code !== "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH") {
      throw new Failure(`${title}: not CSV: ${error.message}`, BAD_INPUT);
    }
    const { length } = error["record"] as string[];
    const [header] = firstRecords(content, delimiter);
    const lengths = `${length} ${length === 1 ? "field" : "fields"}, but the header has ${header!.length}`;
    throw new Failure(`${title}: the row that ends in line ${error["lines"]} has ${lengths}`, BAD_INPUT);
  }
}

/** The place of a column that the user named with an option. */
export function findColumn({ title, columns }: Table, name: string, option: string): number {
  const at = columns.indexOf(name.trim());
  if (at >= 0) return at;
  const suggestion = nearest(name.trim(), columns);
  const hint = suggestion === undefined ? "" : `did you mean "${suggestion}"? `;
  throw new Failure(
    `${option} ${name}: ${title} has no such column; ${hint}its columns are ${quoted(columns)}`,
    BAD_USAGE,
  );
}

/** The name that may have been meant: most of its letters are there, in upper or lower case. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((candidate) => ({ candidate, edits: distance(candidate.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const { candidate, edits } = ranked[0]!;
  return edits <= Math.max(candidate.length, name.length) / 2 ? candidate : undefined;
}

/** Names in quotation marks, not too many of them. */
export function quoted(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
