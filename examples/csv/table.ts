/** A CSV file as a table of texts. */
import { CsvError, type Info, type Options, parse } from "csv-parse/sync";
import { distance } from "fastest-levenshtein";
import { BAD_INPUT, BAD_USAGE, Failure } from "../support/failure.ts";
import type { Text } from "../support/text.ts";
import { type Conventions, type Decimal, findConventions, isNumber } from "./numbers.ts";

/** How a file is to be read, where it does not say itself. */
export interface Format {
  readonly delimiter?: string;
  readonly decimal?: Decimal;
  /** What stands for a value that is not known, besides an empty cell; in upper or lower case. */
  readonly missing?: readonly string[];
}

export interface Table {
  /** What it is, for people. */
  readonly title: string;
  readonly delimiter: string;
  readonly columns: readonly string[];
  /** The columns that have no name in the header. */
  readonly nameless: readonly string[];
  /** The rows below the header, each as long as it. */
  readonly rows: readonly (readonly string[])[];
  /** The line of the file in which each row ends. */
  readonly lines: readonly number[];
  readonly isMissing: (cell: string) => boolean;
  /** What was said to stand before decimals. */
  readonly asked: Decimal | undefined;
  readonly conventions: Conventions;
}

export const MISSING: readonly string[] = ["NA", "N/A", "NaN", "null", "?"];

const DELIMITERS = [",", ";", "\t", "|"];
/** With a line break of any kind, whatever the first one is. */
const OPTIONS = { info: true, skip_empty_lines: true, record_delimiter: ["\r\n", "\n", "\r"] } satisfies Options;
const FORMAT = { ...OPTIONS, trim: true } satisfies Options;
/** Quotes inside fields stand for themselves; then csv-parse trims no quoted field at its end. */
const LOOSE = { ...OPTIONS, ltrim: true, relax_quotes: true } satisfies Options;
/** The first line by which a spreadsheet knows the delimiter. */
const SEPARATOR_LINE = /^sep=(.)\r?$/im;
/** Records that are looked at to find the delimiter. */
const TRIED = 20;
const MOST_LISTED = 20;

type Parsed = { readonly record: string[]; readonly info: Info };

/** Reads a table whose first line names its columns. */
export function parseTable({ title, content }: Text, format: Format = {}): Table {
  const separator = SEPARATOR_LINE.exec(content.slice(0, content.indexOf("\n") + 1))?.[1];
  const from_line = separator === undefined ? 1 : 2;
  const delimiter = format.delimiter ?? separator ?? detectDelimiter(content);
  const [header, ...records] = parseRecords(title, content, { delimiter, from_line });
  if (!header) throw new Failure(`${title}: there is nothing in it but blank lines`, BAD_INPUT);
  const columns = header.record.map((name, i) => name || `column ${i + 1}`);
  const nameless = columns.filter((_, i) => header.record[i] === "");
  const rows = records.map(({ record }) => record);
  refuseSameNames(title, columns, rows);
  if (rows.length === 0) throw new Failure(`${title}: no rows below the header ${quoted(columns)}`, BAD_INPUT);
  const table = {
    ...{ title, delimiter, columns, nameless, rows },
    lines: records.map(({ info }) => info.lines),
    isMissing: missingTest(format.missing ?? MISSING),
    asked: format.decimal,
  };
  const cells = columns.map((_, i) => rows.map((row) => row[i]!).filter((cell) => !table.isMissing(cell)));
  return { ...table, conventions: findConventions(cells, delimiter) };
}

/** Tells whether a cell is empty or one of these texts, in upper or lower case. */
export function missingTest(texts: readonly string[]): (cell: string) => boolean {
  const missing = new Set(["", ...texts.map((text) => text.toLowerCase())]);
  return (cell) => missing.has(cell.toLowerCase());
}

/** The delimiter that gives the first records the most fields: the same number each, if there is such a delimiter. */
function detectDelimiter(content: string): string {
  const tried = DELIMITERS.map((delimiter) => {
    const lengths = firstRecords(content, { delimiter }).map(({ record }) => record.length);
    const length = lengths[0] ?? 1;
    return { delimiter, length, even: length > 1 && lengths.every((other) => other === length) };
  });
  const [best] = tried.sort((a, b) => Number(b.even) - Number(a.even) || b.length - a.length);
  return best!.delimiter;
}

function firstRecords(content: string, options: Options): Parsed[] {
  try {
    return parse(content, { ...LOOSE, ...options, to: TRIED, relax_column_count: true }) as unknown as Parsed[];
  } catch {
    // What a wrong delimiter makes of a file need not be CSV at all.
    return [];
  }
}

function parseRecords(title: string, content: string, options: Options): Parsed[] {
  try {
    return parse(content, { ...FORMAT, ...options }) as unknown as Parsed[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (!/CLOSING_QUOTE|OPENING_QUOTE/.test(error.code)) throw explained(title, content, options, error);
  }
  try {
    const parsed = parse(content, { ...LOOSE, ...options }) as unknown as Parsed[];
    return parsed.map(({ record, info }) => ({ record: record.map((cell) => cell.trim()), info }));
  } catch (error) {
    throw error instanceof CsvError ? explained(title, content, options, error) : error;
  }
}

function explained(title: string, content: string, options: Options, error: CsvError): Failure {
  if (error.code !== "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH") {
    return new Failure(`${title}: not CSV: ${error.message}`, BAD_INPUT);
  }
  const { length } = error["record"] as string[];
  const [header] = firstRecords(content, options);
  const lengths = `${length} ${length === 1 ? "field" : "fields"}, but the header has ${header!.record.length}`;
  return new Failure(`${title}: the row that ends in line ${error["lines"]} has ${lengths}`, BAD_INPUT);
}

function refuseSameNames(title: string, columns: readonly string[], rows: Table["rows"]): void {
  const places = (name: string) => columns.flatMap((other, i) => (other === name ? [i + 1] : []));
  const twice = [...new Set(columns)].filter((name) => places(name).length > 1);
  if (twice.length === 0) return;
  const what = twice.slice(0, MOST_LISTED).map((name) => `"${name}" (columns ${places(name).join(", ")})`);
  const hint = namesColumns(columns, rows) ? "" : `; ${NO_HEADER}`;
  throw new Failure(`${title}: more than one column is called ${what.join(", ")}${hint}`, BAD_INPUT);
}

const NO_HEADER = "its first line looks like a row, not like the names of columns";

/** False where a number stands at the head of every column of numbers, as in a file without a header. */
function namesColumns(columns: readonly string[], rows: Table["rows"]): boolean {
  const first = rows.slice(0, TRIED);
  const numbers = columns.filter((_, i) => first.length > 0 && first.every((row) => isNumber(row[i]!)));
  return numbers.length === 0 || !numbers.every(isNumber);
}

/** What is to be added where a name is not among those of the columns, or none was given. */
export function headerHint({ columns, rows }: Table): string {
  return namesColumns(columns, rows) ? "" : `; ${NO_HEADER}`;
}

/** A cell and where it is. */
export function placeOf({ rows, lines, columns }: Table, row: number, column: number): string {
  return `"${rows[row]![column]}" in line ${lines[row]} of column "${columns[column]}"`;
}
/** The place of a column that the user named with an option. */
export function findColumn(table: Table, name: string, option: string): number {
  const { title, columns } = table;
  const at = columns.indexOf(name.trim());
  if (at >= 0) return at;
  const suggestion = nearest(name.trim(), columns);
  const hint = suggestion === undefined ? "" : `did you mean "${suggestion}"? `;
  throw new Failure(
    `${option} ${name}: ${title} has no such column; ${hint}its columns are ${quoted(columns)}${headerHint(table)}`,
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
