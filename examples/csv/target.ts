/** What is to be predicted: classes, or numbers. */
import { BAD_INPUT, Failure } from "../charlm/failure.ts";
import { countTexts, isMissing, numberReader } from "./cell.ts";
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
  /** Why it is that task. */
  readonly reason: string;
}

/** Whole numbers are classes if there are at most so many, each in as many rows at least on average. */
const MOST_NUMBERED = 20;
const FEWEST_EACH = 5;
const MOST_CLASSES = 1000;
const FEWEST_ROWS = 10;

/** The labels in a column, as classes or as numbers. */
export function readTarget(table: Table, column: number, asked: Task | undefined): Labelled {
  const rows = [...table.rows.keys()].filter((row) => !isMissing(table.rows[row]![column]!));
  const fail = (problem: string) =>
    new Failure(`${table.title}: column "${table.columns[column]}" ${problem}`, BAD_INPUT);
  if (rows.length < FEWEST_ROWS) {
    throw fail(`has a value in ${rows.length} of ${table.rows.length} rows, at least ${FEWEST_ROWS} needed`);
  }
  const texts = rows.map((row) => table.rows[row]![column]!);
  const numbers = Float64Array.from(texts, numberReader(table));
  const odd = numbers.findIndex(Number.isNaN);
  const { task, reason } = asked ? { task: asked, reason: "as asked" } : detectTask(numbers, odd >= 0);
  if (task === "regression") {
    if (odd >= 0) throw fail(`has "${texts[odd]}" in row ${rows[odd]! + 1}, which is no number: no regression`);
    if (numbers.every((number) => number === numbers[0])) throw fail(`is ${texts[0]} in every row: nothing to learn`);
    return { target: { task, values: numbers }, rows, reason };
  }
  // 1, 1.0 and 01 are one class.
  const labels = odd >= 0 ? texts : Array.from(numbers, String);
  const classes = [...countTexts(labels).keys()];
  if (odd < 0) classes.sort((a, b) => Number(a) - Number(b));
  if (classes.length === 1) throw fail(`has only one class, ${quoted(classes)}: nothing to learn`);
  if (classes.length > MOST_CLASSES || classes.length === rows.length) {
    throw fail(`has ${classes.length} different values in ${rows.length} rows: too many for classes`);
  }
  const ids = new Map(classes.map((label, id) => [label, id]));
  return { target: { task, classes, values: Uint32Array.from(labels, (label) => ids.get(label)!) }, rows, reason };
}

function detectTask(numbers: Float64Array, texts: boolean): { task: Task; reason: string } {
  if (texts) return { task: "classification", reason: "the labels are texts" };
  if (!numbers.every(Number.isInteger)) return { task: "regression", reason: "the labels are numbers" };
  const distinct = new Set(numbers).size;
  const few = distinct <= MOST_NUMBERED && FEWEST_EACH * distinct <= numbers.length;
  const reason = `the labels are ${distinct} different whole numbers`;
  return { task: few ? "classification" : "regression", reason };
}
