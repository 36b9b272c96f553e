/** A run in words, as names and values: printed before it starts, and listed in the report. */
import { cpus } from "node:os";
import type { Runtime } from "simd-optim";
import { count } from "../charlm/count.ts";
import type { Description } from "../charlm/description.ts";
import { averages } from "../charlm/optimizers.ts";
import type { Prepared } from "./data.ts";
import type { Features } from "./features.ts";
import type { Settings } from "./options.ts";
import { quoted } from "./table.ts";
import { MAX_NORM, type Recipe, type Trainer } from "./training.ts";

const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs" } as const;

export function describeRun(
  runtime: Runtime,
  settings: Settings,
  prepared: Prepared,
  recipe: Recipe,
  trainer: Trainer,
): Description {
  return [
    ...describeTable(prepared, settings),
    ["split", describeSplit(prepared)],
    ["model", describeModel(recipe, trainer)],
    ["optimizer", describeOptimizer(recipe)],
    ["training", describeTraining(recipe, settings, prepared)],
    ["seed", String(settings.seed)],
    ["backend", `${runtime.backend}: ${runtime.reason}`],
    ["computer", `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus()[0]?.model ?? "unknown"}`],
  ];
}

function describeTable({ table, label, labelled, features, missing }: Prepared, { ignore }: Settings): Description {
  const { title, delimiter, columns, rows } = table;
  const { target, reason } = labelled;
  const unlabelled = rows.length - labelled.rows.length;
  const numbers = features.list.filter(({ kind }) => kind === "number").length;
  const texts = features.list.length - numbers;
  const flags = features.list.filter(({ flagged }) => flagged).length;
  const what =
    target.task === "classification"
      ? `${target.classes.length} classes: ${quoted(target.classes)}`
      : `numbers from ${extent(target.values).join(" to ")}`;
  return [
    ["table", `${title}: ${count(rows.length)} rows, ${columns.length} columns, ${DELIMITERS[delimiter]} between them`],
    ["label", `${label}, ${what}`],
    ["task", `${target.task}: ${reason}`],
    ...(unlabelled > 0 ? [["left out", `${count(unlabelled)} rows without a label`] as const] : []),
    ["inputs", `${features.inputs}, from ${numbers} columns of numbers and ${texts} of texts`],
    ...(missing > 0
      ? [
          [
            "missing",
            `${count(missing)} values, replaced by the mean or the mode; ${flags === 1 ? "1 input says" : `${flags} inputs say`} where`,
          ] as const,
        ]
      : []),
    ...(ignore.length > 0 ? [["ignored", quoted(ignore)] as const] : []),
    ...describeUnused(features),
  ];
}

/** The columns that are of no use, those together that are so for the same reason. */
function describeUnused({ unused }: Features): Description {
  const reasons = new Set(unused.map(([, reason]) => reason));
  return [...reasons].map((reason) => {
    const columns = unused.filter(([, other]) => other === reason).map(([column]) => column);
    return ["unused", `${quoted(columns)}: ${reason}`] as const;
  });
}

function extent(values: Float64Array): [number, number] {
  return values.reduce<[number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
}

function describeSplit({ labelled, data: { train, validation, heldOut } }: Prepared): string {
  const how = labelled.target.task === "classification" ? "drawn at random from each class" : "drawn at random";
  const stop = validation ? `, ${count(validation.count)} to say when to stop` : "";
  return `${count(train.count)} rows to learn from${stop}, ${count(heldOut.count)} held out, ${how}`;
}

function describeModel({ shape }: Recipe, { network }: Trainer): string {
  const { inputs, hidden, outputs, activation, dropout } = shape;
  const layers = hidden.map((units) => `${units} ${activation === "relu" ? "ReLU" : "GELU"} units`);
  const share = dropout > 0 && hidden.length > 0 ? `, dropout ${dropout}` : "";
  const parts = [`${inputs} inputs`, ...layers, `${outputs} ${outputs === 1 ? "output" : "outputs"}`].join(", ");
  return `${parts}${share}: ${count(network.parameters.size)} parameters`;
}

function describeOptimizer({ optimizer, rate }: Recipe): string {
  const { name, cites } = optimizer.spec;
  if (rate === undefined) return `${name} (${cites})`;
  const rest = averages(optimizer) ? "then kept" : "then down along a cosine";
  return `${name} (${cites}), learning rate up to ${rate} in a straight line, ${rest}`;
}

function describeTraining(recipe: Recipe, { classWeights, patience }: Settings, { labelled }: Prepared): string {
  const weights = classWeights === "balanced" && labelled.target.task === "classification";
  return [
    `${count(recipe.steps)} steps on ${recipe.batch} rows each`,
    `gradient norm at most ${MAX_NORM}`,
    ...(weights ? ["rows weighted so that all classes count the same"] : []),
    ...(patience === undefined ? [] : [`stops after ${patience} epochs without progress`]),
  ].join(", ");
}
