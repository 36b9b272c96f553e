/** A run in words, as names and values: printed before it starts, and listed in the report. */
import type { Runtime } from "simd-optim";
import { count, counted } from "../support/count.ts";
import { averages } from "../support/optimizers.ts";
import { type Description, describeMachine } from "../support/print.ts";
import type { Prepared } from "./data.ts";
import type { Features } from "./features.ts";
import type { Settings } from "./options.ts";
import { quoted, type Table } from "./table.ts";
import type { Labelled } from "./target.ts";
import { MAX_NORM, type Recipe, type Trainer } from "./training.ts";

const DELIMITERS: Readonly<Record<string, string>> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes" };

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
    ...describeMachine(runtime),
  ];
}

function describeTable({ table, label, labelled, features, missing }: Prepared, { ignore }: Settings): Description {
  const { title, delimiter, columns, nameless, rows } = table;
  const { target, reason } = labelled;
  const flags = features.list.filter(({ flagged }) => flagged).length;
  const what =
    target.task === "classification"
      ? `${counted(target.classes.length, "class", "classes")}: ${quoted(target.classes)}`
      : `numbers from ${extent(target.values).join(" to ")}`;
  const size = `${counted(rows.length, "row")}, ${counted(columns.length, "column")}`;
  const between = `${DELIMITERS[delimiter] ?? `"${delimiter}"`} between them`;
  return [
    ["table", `${title}: ${size}, ${between}${describeDecimals(table)}`],
    ...(nameless.length > 0 ? [["nameless", `${quoted(nameless)}, without a name in the header`] as const] : []),
    ["label", `${label}, ${what}`],
    ["task", `${target.task}: ${reason}`],
    ...describeLeftOut(labelled),
    ["inputs", `${features.inputs}, from ${describeKinds(features)}`],
    ...features.list.flatMap((feature) =>
      feature.kind === "text" && feature.exceptions !== undefined
        ? [["texts", `"${columns[feature.column]}", numbers but for ${feature.exceptions}`] as const]
        : [],
    ),
    ...(missing > 0
      ? [
          [
            "missing",
            `${counted(missing, "value")}, replaced by the mean or the mode; ${flags === 1 ? "1 input says" : `${flags} inputs say`} where`,
          ] as const,
        ]
      : []),
    ...(ignore.length > 0 ? [["ignored", quoted(ignore)] as const] : []),
    ...describeUnused(features),
  ];
}

/** What is before decimals where that is not always a point. */
function describeDecimals({ asked, conventions: { columns } }: Table): string {
  const commas = (decimals: readonly (string | undefined)[]) => decimals.filter((decimal) => decimal === ",").length;
  if (asked === "," || (!asked && commas(columns) === columns.length)) return ", decimal commas";
  return !asked && commas(columns) > 0 ? `, decimal commas in ${commas(columns)} of them` : "";
}

/** The rows that have no label, and what they have in its place where that is not nothing. */
function describeLeftOut({ leftOut }: Labelled): Description {
  const sum = [...leftOut.values()].reduce((a, b) => a + b, 0);
  if (sum === 0) return [];
  const all = `${counted(sum, "row")} without a label`;
  const texts = [...leftOut].filter(([text]) => text !== "").map(([text, rows]) => `"${text}" in ${count(rows)}`);
  return [["left out", texts.length === 0 ? all : `${all}: ${texts.join(", ")}; see --missing-labels`]];
}

function describeKinds({ list }: Features): string {
  const kinds = { number: "numbers", text: "texts" };
  const parts = Object.entries(kinds).flatMap(([kind, name]) => {
    const columns = list.filter((feature) => feature.kind === kind).length;
    return columns === 0 ? [] : [`${counted(columns, "column")} of ${name}`];
  });
  return parts.join(" and ");
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
  return `${counted(train.count, "row")} to learn from${stop}, ${count(heldOut.count)} held out, ${how}`;
}

function describeModel({ shape }: Recipe, { network }: Trainer): string {
  const { inputs, hidden, outputs, activation, dropout } = shape;
  const layers = hidden.map((units) => counted(units, `${activation === "relu" ? "ReLU" : "GELU"} unit`));
  const share = dropout > 0 && hidden.length > 0 ? `, dropout ${dropout}` : "";
  const parts = [counted(inputs, "input"), ...layers, counted(outputs, "output")].join(", ");
  return `${parts}${share}: ${counted(network.parameters.size, "parameter")}`;
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
    `${counted(recipe.steps, "step")} on ${counted(recipe.batch, "row")} each`,
    `gradient norm at most ${MAX_NORM}`,
    ...(weights ? ["rows weighted so that all classes count the same"] : []),
    ...(patience === undefined ? [] : [`stops after ${counted(patience, "epoch")} without progress`]),
  ].join(", ");
}
