/** From a table to what a model is trained on. */
import { Random } from "simd-optim";
import { BAD_INPUT, BAD_USAGE, Failure } from "../support/failure.ts";
import { countMissing, encodeRows, type Features, fitFeatures, momentsOf } from "./features.ts";
import type { Settings } from "./options.ts";
import { type Split, splitRows } from "./split.ts";
import { findColumn, headerHint, missingTest, quoted, type Table } from "./table.ts";
import { type Labelled, readTarget } from "./target.ts";
import type { Data, Rows } from "./training.ts";

/** Of the rows not held out, the share that says when to stop. */
const VALIDATED = 0.1;

export interface Prepared {
  readonly table: Table;
  /** The column to predict, and its name. */
  readonly column: number;
  readonly label: string;
  readonly labelled: Labelled;
  readonly features: Features;
  /** Cells of features that are missing, in rows with a label. */
  readonly missing: number;
  /** Mean and deviation of numbers to learn from; 0 and 1 for classes. */
  readonly scale: { readonly mean: number; readonly deviation: number };
  /** Places among the labelled rows. */
  readonly train: readonly number[];
  readonly heldOut: readonly number[];
  readonly data: Data;
}

export function prepare(table: Table, settings: Settings): Prepared {
  const { label, ignore, task, missingLabels, heldOut, patience, seed } = settings;
  if (label === undefined) {
    const names = `${quoted(table.columns)}${headerHint(table)}`;
    throw new Failure(`--label is needed: which column to predict, of ${names}`, BAD_USAGE);
  }
  const column = findColumn(table, label, "--label");
  const ignored = new Set(ignore.map((name) => findColumn(table, name, "--ignore")));
  const isMissing = missingLabels ? missingTest(missingLabels) : table.isMissing;
  const labelled = readTarget(table, column, { task, isMissing });
  const { target, rows } = labelled;
  const outer = splitRows(target, [...rows.keys()], heldOut / 100, new Random(seed, "held out"));
  const inner: Split =
    patience === undefined
      ? { train: outer.train, rest: [] }
      : splitRows(target, outer.train, VALIDATED, new Random(seed, "validation"));
  const inTable = (places: readonly number[]) => places.map((place) => rows[place]!);
  const columns = [...table.columns.keys()].filter((other) => other !== column && !ignored.has(other));
  const features = fitFeatures(table, columns, inTable(inner.train));
  const labels = Float64Array.from(inner.train, (place) => target.values[place]!);
  const scale = target.task === "regression" ? momentsOf(labels) : { mean: 0, deviation: 1 };
  if (scale.deviation === 0)
    throw new Failure(`${table.title}: the labels to learn from are all ${scale.mean}`, BAD_INPUT);
  const encode = (places: readonly number[]): Rows => ({
    count: places.length,
    x: encodeRows(table, features, inTable(places)),
    targets:
      target.task === "classification"
        ? Uint32Array.from(places, (place) => target.values[place]!)
        : Float32Array.from(places, (place) => (target.values[place]! - scale.mean) / scale.deviation),
  });
  return {
    table,
    column,
    label: table.columns[column]!,
    labelled,
    features,
    missing: countMissing(table, features, rows),
    scale,
    train: inner.train,
    heldOut: outer.rest,
    data: {
      train: encode(inner.train),
      validation: inner.rest.length > 0 ? encode(inner.rest) : undefined,
      heldOut: encode(outer.rest),
    },
  };
}
