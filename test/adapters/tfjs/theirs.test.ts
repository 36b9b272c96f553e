/** The tests that tfjs has for its optimizers, as it ships them, run on the adapter under the names of tfjs' classes. */
import { readdirSync, readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
// Brings the gradients of operations.
import "@tensorflow/tfjs-layers";
import { beforeAll, expect, test, vi } from "vitest";
import { classes, train } from "./counterparts.ts";

/** One `it` of a program. */
interface Case {
  readonly title: string;
  /** The program as text, without its imports: they are what `run` hands in. */
  readonly program: string;
}

const folder = new URL("node_modules/@tensorflow/tfjs-core/dist/optimizers/", import.meta.url);
const programs = readdirSync(folder)
  .filter((file) => file.endsWith("_test.js"))
  .map((file) => readFileSync(new URL(file, folder), "utf8").replaceAll(/^import .*$/gm, ""));

/** Methods of tensors that the programs call, and that are only in the full package of tfjs. */
const methods = { square: tf.square, sum: tf.sum, add: tf.add };
for (const [name, operation] of Object.entries(methods)) {
  Object.defineProperty(tf.Tensor.prototype, name, {
    value(this: tf.Tensor, ...args: never[]) {
      return (operation as (x: tf.Tensor, ...rest: never[]) => tf.Tensor)(this, ...args);
    },
  });
}

function expectArraysClose(actual: ArrayLike<number>, expected: number | number[], tolerance = 1e-3): void {
  const values = [expected].flat();
  expect(actual.length).toBe(values.length);
  for (const [i, value] of values.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(tolerance);
}

/** Where a case has to read otherwise to hold here. */
interface Difference {
  readonly because: string;
  /** Texts of the program, and what stands in their place; with none, the case fails for good. */
  readonly edits: readonly (readonly [from: string, to: string])[];
}

const IN_LINEAR_MEMORY = "state is in linear memory, not in tensors";
const OWN_NAMES = "weights have our names, and the steps of each variable among them";
const OTHER_RULE = "tfjs divides by the average before this gradient, where Zeiler's Algorithm 1 includes it";

/** The cases that do not hold as they are. All others do. */
const differences: Readonly<Record<string, Difference>> = {
  "AdadeltaOptimizer: basic": { because: OTHER_RULE, edits: [] },
  "AdadeltaOptimizer: Save, load weights and continue training": { because: OTHER_RULE, edits: [] },
  "AdagradOptimizer: basic": { because: IN_LINEAR_MEMORY, edits: [["numTensors + 2", "numTensors + 1"]] },
  "AdagradOptimizer: Continue training after loading weights": {
    because: `${OWN_NAMES}; the case loads them into Adam, which refuses Adagrad's`,
    edits: [
      ["weights.length).toEqual(2)", "weights.length).toEqual(3)"],
      ["weights[1]", "weights[2]"],
      ["/accumulator`", "/sum`"],
      ["tf.train.adam(", "tf.train.adagrad("],
    ],
  },
  "AdamOptimizer: basic": { because: IN_LINEAR_MEMORY, edits: [["numTensors + 3", "numTensors + 1"]] },
  "AdamOptimizer: Continue training after loading weights": {
    because: OWN_NAMES,
    edits: [
      ["weights.length).toEqual(3)", "weights.length).toEqual(4)"],
      ["weights[2]", "weights[3]"],
      ["weights[1]", "weights[2]"],
      ["/m`", "/exp_avg`"],
      ["/v`", "/exp_avg_sq`"],
    ],
  },
  "AdamaxOptimizer: basic": { because: IN_LINEAR_MEMORY, edits: [["numTensors + 3", "numTensors + 1"]] },
  "MomentumOptimizer: basic": {
    because: IN_LINEAR_MEMORY,
    edits: [
      ["numTensors + 2", "numTensors + 1"],
      ["numTensors - 2", "numTensors"],
    ],
  },
  "MomentumOptimizer: basic - with Nesterov": {
    because: IN_LINEAR_MEMORY,
    edits: [
      ["numTensors + 2", "numTensors + 1"],
      ["numTensors - 2", "numTensors"],
    ],
  },
  "RMSPropOptimizer: basic": { because: IN_LINEAR_MEMORY, edits: [["numTensors + 3", "numTensors + 1"]] },
  "RMSPropOptimizer: gradient with centered momentum": {
    because: IN_LINEAR_MEMORY,
    edits: [["numTensors + 4", "numTensors + 1"]],
  },
  "RMSPropOptimizer: Save and load weights: centered = false": {
    because: OWN_NAMES,
    edits: [["weights.length).toEqual(3)", "weights.length).toEqual(4)"]],
  },
  "RMSPropOptimizer: Save, load weights and continue training: centered = true": {
    because: OWN_NAMES,
    edits: [["weights.length).toEqual(4)", "weights.length).toEqual(5)"]],
  },
  "RMSPropOptimizer: must define learning rate": {
    because: "the error has the name that the option has here",
    edits: [["learningRate for RMSPropOptimizer must be defined.", "RMSprop.lr: got undefined"]],
  },
  "SGDOptimizer: Set and get weights: empty": {
    because: OWN_NAMES,
    edits: [["weights.length).toEqual(1)", "weights.length).toEqual(2)"]],
  },
};

function edited({ title, program }: Case, edits: Difference["edits"]): Case {
  for (const [from] of edits) expect(program, title).toContain(from);
  return { title, program: edits.reduce((text, [from, to]) => text.replaceAll(from, to), program) };
}

/** What programs import as tf, and as SGDOptimizer. */
interface Library {
  readonly tf: object;
  readonly SGDOptimizer: unknown;
}

const theirs: Library = { tf, SGDOptimizer: tf.SGDOptimizer };
const ours: Library = {
  tf: { ...tf, ...classes, train },
  SGDOptimizer: class extends (classes.SGDOptimizer as new (options: { lr: number }) => object) {
    constructor(lr: number) {
      super({ lr });
    }
  },
};

/** Calls `visit` with the title and the body of each case of a program. */
function forEachCase(program: string, library: Library, visit: (title: string, body: () => unknown) => void): void {
  const describeWithFlags = (group: string, _: object, define: () => void) => {
    scope.group = group;
    define();
  };
  const scope = { group: "" };
  const it = (title: string, body: () => unknown) => visit(`${scope.group}: ${title}`, body);
  const names = { ...library, Optimizer: tf.Optimizer, ALL_ENVS: {}, describeWithFlags, it, expectArraysClose, expect };
  new Function(...Object.keys(names), program)(...Object.values(names));
}

/** Runs a case with an engine and a scope of its own, as tfjs does. */
async function run({ title, program }: Case, library: Library): Promise<void> {
  tf.engine().reset();
  await tf.setBackend("cpu");
  const bodies = new Map<string, () => unknown>();
  forEachCase(program, library, (name, body) => bodies.set(name, body));
  tf.engine().startScope();
  try {
    await bodies.get(title)!();
  } finally {
    tf.engine().endScope();
  }
}

const cases = programs.flatMap((program) => {
  const found: Case[] = [];
  forEachCase(program, theirs, (title) => found.push({ title, program }));
  return found;
});

beforeAll(() => void vi.spyOn(console, "warn").mockReturnValue());

test("they are as many as tfjs 4.22 has, and hold for its own optimizers", async () => {
  expect(cases.length).toBe(32);
  for (const one of cases) await run(one, theirs);
  expect(cases.map(({ title }) => title)).toEqual(expect.arrayContaining(Object.keys(differences)));
});

test.each(cases.filter(({ title }) => !(title in differences)))("$title", (one) => run(one, ours));

test.each(cases.filter(({ title }) => title in differences).map((one) => ({ ...one, ...differences[one.title]! })))(
  "$title, but for this: $because",
  async ({ title, program, edits }) => {
    await expect(run({ title, program }, ours)).rejects.toThrow();
    if (edits.length > 0) await run(edited({ title, program }, edits), ours);
  },
);
