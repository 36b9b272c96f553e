/** Predictions for rows without labels, as a CSV file: the rows with one more column. */
import type { Prepared } from "./data.ts";
import { largestOutputs } from "./evaluation.ts";
import { encodeRows } from "./features.ts";
import { type Decimal, written } from "./numbers.ts";
import { findColumn, type Table } from "./table.ts";
import type { Rows, Trainer } from "./training.ts";

/** Encodes another table that has the columns the model learned from, in any order. */
export function encodeOther(table: Table, prepared: Prepared): Rows {
  const { list, ...features } = prepared.features;
  const there = list.map((feature) => ({
    ...feature,
    column: findColumn(table, prepared.table.columns[feature.column]!, "--predict"),
  }));
  const count = table.rows.length;
  const x = encodeRows(table, { ...features, list: there }, [...table.rows.keys()]);
  return { count, x, targets: new Uint32Array(count) };
}

export function predictionsFile(table: Table, rows: Rows, trainer: Trainer, prepared: Prepared): string {
  const predicted = labelsOf(trainer.predict(rows), prepared, decimalOf(table, prepared));
  const lines = [
    [...table.columns, `predicted ${prepared.label}`],
    ...table.rows.map((row, i) => [...row, predicted[i]!]),
  ];
  return lines.map((cells) => `${cells.map((cell) => escaped(cell, table)).join(table.delimiter)}\n`).join("");
}

/** What stands before decimals where the predictions go: as in their file or, if it does not say, in the labels. */
function decimalOf({ asked, conventions }: Table, { table, column }: Prepared): Decimal {
  return asked ?? conventions.table ?? table.conventions.columns[column] ?? ".";
}

function labelsOf(outputs: Float32Array, { labelled: { target }, scale }: Prepared, decimal: Decimal): string[] {
  if (target.task === "regression") {
    return Array.from(outputs, (output) => written(scale.mean + scale.deviation * output, decimal));
  }
  return largestOutputs(outputs, target.classes.length).map((id) => target.classes[id]!);
}

/** RFC 4180, section 2. */
function escaped(cell: string, { delimiter }: Table): string {
  return /["\r\n]/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
