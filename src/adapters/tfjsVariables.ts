import { describe, refuse, SimdOptimError } from "../core/check.ts";
import { sameShape } from "../core/shape.ts";
import type { OptimizerClass } from "../optim/define/optimizer.ts";
import type { Options, Scheduled } from "../optim/define/option.ts";
import type { StepReport } from "../optim/define/stepReport.ts";
import type { OptimizerState } from "../state/savedState.ts";
import type { GrowingOptimizer, Shapes } from "./growingOptimizer.ts";
import { fromNamedArrays, type NamedArray, toNamedArrays } from "./namedArrays.ts";
import { fromTfjsArrays, isOfTfjs, loadFromTfjs, ofAll } from "./tfjsWeights.ts";

/** What is used of a tensor of tfjs. */
export interface TfjsTensor {
  /** What changes whenever its values do. */
  readonly dataId: object;
  /** Its axes, outermost first. */
  readonly shape: readonly number[];
  /** Its element type, of which this package takes "float32". */
  readonly dtype: string;
  /** Its values; on a GPU this waits for them. */
  dataSync(): unknown;
  /** Its values, without waiting. */
  data(): Promise<unknown>;
  /** Gives its memory back. */
  dispose(): void;
}

/** What is used of a variable of tfjs. */
export interface TfjsVariable extends TfjsTensor {
  /** Takes over the values of a tensor of its shape. */
  assign(value: TfjsTensor): void;
}

/** What is used of the engine of tfjs. */
export interface TfjsEngine {
  /** The variables there are, by name. */
  readonly registeredVariables: { readonly [name: string]: TfjsVariable };
}

/** What is used of tfjs: `import * as tf from "@tensorflow/tfjs"`, or from "@tensorflow/tfjs-core". */
export interface Tfjs<B = unknown> {
  /** The class that optimizers are made of. */
  readonly Optimizer: abstract new () => B;
  /** The engine, which knows every variable by name. */
  engine(): TfjsEngine;
  /** The name of the backend that computes. */
  getBackend(): string;
  /** Makes a tensor. */
  tensor(values: Float32Array | Int32Array, shape: number[], dtype: "float32" | "int32"): TfjsTensor;
}

/** A tensor and its name. */
export interface TfjsNamedTensor<T = TfjsTensor> {
  /** The name of a variable. */
  name: string;
  /** What belongs to it. */
  tensor: T;
}

/** Gradients as tfjs hands them over: by variable name, or as a list. It has null where there is none. */
export type TfjsGradients =
  | { readonly [name: string]: TfjsTensor | null }
  | readonly TfjsNamedTensor<TfjsTensor | null>[];

export function tensorOf(tf: Tfjs, values: NamedArray["values"], shape: readonly number[]): TfjsTensor {
  return tf.tensor(values, [...shape], values instanceof Float32Array ? "float32" : "int32");
}

/** The weights of an optimizer as arrays. */
export async function arraysOf(weights: unknown): Promise<readonly NamedArray[]> {
  if (!Array.isArray(weights)) refuse("weights", weights, "a list of names and tensors, as getWeights() gives");
  const arrays = weights.map(async (weight: Partial<TfjsNamedTensor> | null) => {
    const { name, tensor } = weight ?? {};
    if (typeof name !== "string" || typeof tensor?.data !== "function")
      refuse("weights", weight, "a name and a tensor");
    return { name, shape: tensor.shape, values: (await tensor.data()) as NamedArray["values"] };
  });
  return Promise.all(arrays);
}

/** Variables of tfjs, and the optimizer that has their values and state. */
export class Variables<O extends Options, S extends string, N extends string> {
  readonly #tf: Tfjs;
  readonly #Optimizer: OptimizerClass<O, S, N>;
  readonly #optimizer: GrowingOptimizer<O, S, N>;
  /** The data that each variable was given here: as long as it has it, the values are known. */
  readonly #assigned = new Map<string, object>();
  /** Saved state, until gradients say which variables it is for. */
  #loaded: { readonly arrays: readonly NamedArray[]; readonly state: OptimizerState } | undefined;
  report: StepReport | undefined;

  constructor(tf: Tfjs, Optimizer: OptimizerClass<O, S, N>, optimizer: GrowingOptimizer<O, S, N>) {
    this.#tf = tf;
    this.#Optimizer = Optimizer;
    this.#optimizer = optimizer;
  }

  get steps(): number {
    return this.#loaded?.state.step ?? this.#optimizer.steps;
  }

  get lr(): number {
    return this.#optimizer.lrAt(this.steps);
  }

  set lr(lr: Scheduled) {
    this.#optimizer.setLr(lr);
  }

  step(gradients: TfjsGradients): void {
    const given = this.#checked(gradients);
    const shapes = new Map([...given].map(([name, gradient]) => [name, gradient.shape]));
    this.#resume(shapes);
    this.#optimizer.grow(shapes);
    for (const [name, gradient] of given) {
      this.#pull(name);
      this.#optimizer.get(name).grad.set(gradient.dataSync() as Float32Array);
    }
    this.report = this.#optimizer.step(new Set(given.keys()));
    if (this.report.applied) for (const name of given.keys()) this.#push(name);
  }

  withEvalParams<T>(fn: () => T): T {
    if (this.#loaded) {
      refuse("withEvalParams", "weights that were set", "a step first: its gradients say which variables they are for");
    }
    const names = [...this.#optimizer.shapes.keys()].filter((name) => this.#has(name));
    const pushAll = () => {
      for (const name of names) this.#push(name);
    };
    for (const name of names) this.#pull(name);
    let pending = false;
    try {
      const result = this.#optimizer.withEvalParams(() => {
        pushAll();
        return fn();
      });
      if (!(result instanceof Promise)) return result;
      pending = true;
      return result.finally(pushAll) as T;
    } finally {
      if (!pending) pushAll();
    }
  }

  saved(): readonly NamedArray[] {
    if (this.#loaded) return this.#loaded.arrays;
    const state = this.#optimizer.stateDict();
    if (state && state.point !== this.#point) refuse("weights", `state at ${state.point}`, "it where training is");
    return toNamedArrays(state, this.#optimizer.shapes);
  }

  load(weights: readonly NamedArray[]): void {
    const arrays = weights.map((array) => ({ ...array, values: array.values.slice() }));
    const read = isOfTfjs(arrays) ? fromTfjsArrays : fromNamedArrays;
    const state = read(arrays, this.#Optimizer.spec.name, this.#point);
    this.#loaded = { arrays, state };
  }

  dispose(): void {
    this.#optimizer.dispose();
    this.#loaded = undefined;
  }

  /** The gradients there are, by name, each that of a variable. */
  #checked(gradients: TfjsGradients): Map<string, TfjsTensor> {
    const list = Array.isArray(gradients)
      ? (gradients as readonly TfjsNamedTensor<TfjsTensor | null>[])
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor: tensor as TfjsTensor | null }));
    const checked = new Map<string, TfjsTensor>();
    for (const { name, tensor } of list) {
      if (tensor === null || tensor === undefined) continue;
      const { shape, dtype } = this.#variable(name);
      if (checked.has(name)) refuse("gradients", name, "each variable once", "DUPLICATE_PARAMETER");
      if (dtype !== "float32") refuse(name, `a variable of ${dtype}`, "one of float32");
      if (tensor.dtype !== "float32") refuse(`gradient of ${name}`, tensor.dtype, "float32");
      const known = this.#optimizer.shapes.get(name) ?? shape;
      if (!sameShape(shape, known)) refuse(name, shape, `${describe(known)}, as before`, "SHAPE_MISMATCH");
      if (!sameShape(tensor.shape, shape))
        refuse(`gradient of ${name}`, tensor.shape, describe(shape), "SHAPE_MISMATCH");
      checked.set(name, tensor);
    }
    if (checked.size === 0) refuse("gradients", "none", "a gradient of at least one variable");
    return checked;
  }

  #has(name: string): boolean {
    return Object.hasOwn(this.#tf.engine().registeredVariables, name);
  }

  #variable(name: string, argument = "gradients"): TfjsVariable {
    if (!this.#has(name)) refuse(argument, name, "names of variables that tfjs has");
    return this.#tf.engine().registeredVariables[name]!;
  }

  /** Copies the values of a variable here, unless they came from here. */
  #pull(name: string): void {
    const variable = this.#variable(name);
    if (this.#assigned.get(name) === variable.dataId) return;
    this.#optimizer.get(name).data.set(variable.dataSync() as Float32Array);
    this.#assigned.set(name, variable.dataId);
  }

  /** Gives a variable the values here. */
  #push(name: string): void {
    const variable = this.#variable(name);
    const { data } = this.#optimizer.get(name);
    // The wasm backend copies into memory of its own; others keep the array, which must not change under a tensor.
    const fresh = tensorOf(this.#tf, this.#tf.getBackend() === "wasm" ? data : data.slice(), variable.shape);
    variable.assign(fresh);
    this.#assigned.set(name, fresh.dataId);
    fresh.dispose();
  }

  get #point(): string {
    return this.#Optimizer.spec.points?.training ?? "p";
  }

  /** Takes over what was loaded, now that it is known for which variables. */
  #resume(given: Shapes): void {
    if (!this.#loaded) return;
    const { arrays, state: read } = this.#loaded;
    // SGD of tfjs has weights for no variable, and updates all the same.
    const state = read.step > 0 && read.groups.length === 0 ? ofAll([...given.keys()], read) : read;
    const saved = state.groups.flatMap(({ params }) => params);
    const byName = saved.some((name) => given.has(name));
    const names = byName || saved.length === 0 ? saved : [...given.keys()];
    if (names.length !== saved.length) {
      const message = `weights: got state of ${saved.length} variables, ${describe(saved)}, expected ${names.length}`;
      throw new SimdOptimError("STATE_MISMATCH", message);
    }
    const nameOf = new Map(saved.map((name, i) => [name, names[i]!]));
    const shapes = new Map(names.map((name) => [name, this.#variable(name, "weights").shape]));
    this.#optimizer.restore(shapes, renamed(state, nameOf), isOfTfjs(arrays) ? loadFromTfjs : undefined);
    this.#assigned.clear();
    this.#loaded = undefined;
  }
}

function renamed(state: OptimizerState, nameOf: ReadonlyMap<string, string>): OptimizerState {
  const rename = <T>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [nameOf.get(name)!, value]));
  const groups = state.groups.map((group) => ({ ...group, params: group.params.map((name) => nameOf.get(name)!) }));
  return { ...state, steps: rename(state.steps), state: rename(state.state), groups };
}
