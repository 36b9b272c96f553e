/** What is to be predicted: classes, or numbers. */
import { BAD_INPUT, Failure } from "../support/failure.ts";
import { countTexts, describeOdd, numberReader, survey } from "./column.ts";
import { quoted, type Table } from "./table.ts";

export type Task = "classification" | "regression";

export interface Classes {
  readonly task: "classification";
  /** The labels: numbers by size, or texts in order. */
  readonly classes: readonly string[];
  /** The number of the class of each row. */
  readonly values: Uint32Array;
}

export interface Numbers {
  readonly task: "regression";
  readonly values: Float64Array;
}

export interface Labelled {
  readonly target: Classes | Numbers;
  /** The rows of the table that have a label, to which the values belong. */
  readonly rows: readonly number[];
  /** What the others have in its place, and how often. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** Why it is that task. */
  readonly reason: string;
}

/** Whole numbers are classes if there are at most so many, each in as many rows at least on average. */
const MOST_NUMBERED = 20;
const FEWEST_EACH = 5;
const MOST_CLASSES = 1000;
const FEWEST_ROWS = 10;

export interface TargetOptions {
  /** What they are to be, if that is not to be found from them. */
  readonly task?: Task | undefined;
  /** Which cells are no labels: those that are missing in other columns, unless it is given. */
  readonly isMissing?: Table["isMissing"];
}

/** The labels in a column, as classes or as numbers. */
export function readTarget(table: Table, column: number, options: TargetOptions = {}): Labelled {
  const { isMissing = table.isMissing } = options;
  const cellOf = (row: number) => table.rows[row]![column]!;
  const [rows, others] = [false, true].map((missing) =>
    [...table.rows.keys()].filter((row) => isMissing(cellOf(row)) === missing),
  ) as [number[], number[]];
  const fail = (problem: string) =>
    new Failure(`${table.title}: column "${table.columns[column]}" ${problem}`, BAD_INPUT);
  if (rows.length < FEWEST_ROWS) {
    throw fail(`has a value in ${rows.length} of ${table.rows.length} rows, at least ${FEWEST_ROWS} needed`);
  }
  const leftOut = countTexts(others.map(cellOf));
  const { odd, exceptions } = survey(table, column, rows);
  const toNumber = numberReader(table, column);
  const numbersOf = (some: readonly number[]) => Float64Array.from(some, toNumber);
  const { task, reason } = options.task ? { task: options.task, reason: "as asked" } : detectTask();
  if (task === "regression") {
    if (odd.length > 0) throw fail(`has ${describeOdd(table, column, odd)}, which is no number: no regression`);
    const values = numbersOf(rows);
    if (values.every((value) => value === values[0])) {
      throw fail(`is ${cellOf(rows[0]!)} in every row: nothing to learn`);
    }
    return { target: { task, values }, rows, leftOut, reason };
  }
  const texts = rows.map(cellOf);
  const { classes, values } = odd.length > 0 ? classesOf(texts, texts) : numberedClasses(texts, numbersOf(rows));
  if (classes.length === 1) {
    const texts = [...leftOut.keys()].filter((text) => text !== "");
    const hint = texts.length > 0 ? `; ${quoted(texts)} is missing, unless --missing-labels says otherwise` : "";
    throw fail(`has only one class, ${quoted(classes)}: nothing to learn${hint}`);
  }
  if (classes.length > MOST_CLASSES || classes.length === rows.length) {
    throw fail(`has ${classes.length} different values in ${rows.length} rows: too many for classes`);
  }
  return { target: { task, classes, values }, rows, leftOut, reason };

  function detectTask(): { task: Task; reason: string } {
    if (odd.length === 0) return taskOf(numbersOf(rows), rows.map(cellOf));
    if (exceptions === undefined) return { task: "classification", reason: "the labels are texts" };
    const strange = new Set(odd);
    const others = rows.filter((row) => !strange.has(row));
    const { task } = taskOf(numbersOf(others), others.map(cellOf));
    if (task === "classification") return { task, reason: `the labels are few, and not all numbers: ${exceptions}` };
    const choice = "a --missing list with it leaves such rows out, --task classification takes all for classes";
    throw fail(`is of numbers but for ${exceptions}: ${choice}`);
  }
}

function taskOf(numbers: Float64Array, texts: readonly string[]): { task: Task; reason: string } {
  if (!numbers.every(Number.isInteger)) return { task: "regression", reason: "the labels are numbers" };
  const distinct = new Set(keysOf(texts, numbers)).size;
  const few = distinct <= MOST_NUMBERED && FEWEST_EACH * distinct <= numbers.length;
  const reason = `the labels are ${distinct} different whole numbers`;
  return { task: few ? "classification" : "regression", reason };
}

/** Digits that a float64 tells apart, whatever they are. */
const EXACT_DIGITS = 15;

/** What tells numbers apart: 1, 1.0 and 01 are the same; those with more digits than a float64 holds go by their digits. */
function keysOf(texts: readonly string[], numbers: Float64Array): string[] {
  return texts.map((text, i) => (text.replace(/\D/g, "").length > EXACT_DIGITS ? text : String(numbers[i])));
}

/** Classes by size. */
function numberedClasses(texts: readonly string[], numbers: Float64Array) {
  const keys = keysOf(texts, numbers);
  const values = new Map(keys.map((key, i) => [key, numbers[i]!]));
  return classesOf(keys, texts, (a, b) => values.get(a)! - values.get(b)!);
}

/** The classes that keys tell apart, each called by the shortest of its texts; in the order of their keys, or another. */
function classesOf(
  keys: readonly string[],
  texts: readonly string[],
  compare: (a: string, b: string) => number = () => 0,
): { classes: string[]; values: Uint32Array } {
  const names = new Map<string, string>();
  for (const [i, key] of keys.entries()) {
    const name = names.get(key);
    if (name === undefined || texts[i]!.length < name.length) names.set(key, texts[i]!);
  }
  const sorted = [...countTexts(keys).keys()].sort(compare);
  const ids = new Map(sorted.map((key, id) => [key, id]));
  return { classes: sorted.map((key) => names.get(key)!), values: Uint32Array.from(keys, (key) => ids.get(key)!) };
}
