import { checkBoolean, checkChoice, Marked, refuse } from "../core/check.ts";
import type { Engine } from "../kernels/engine.ts";
import { bytesOf } from "../memory/elementType.ts";
import { type Block, releaseWithOwner } from "../memory/heap.ts";
import { type Clipping, GradientScale } from "./gradientScale.ts";
import { View } from "./tensor.ts";

/** What a parameter is for: it decides weight decay and learning-rate scaling in the usual recipes. */
export type Role = "hidden" | "embedding" | "head" | "norm" | "bias";
export const ROLES: readonly Role[] = ["hidden", "embedding", "head", "norm", "bias"];

/** A parameter to be: what `runtime.parameters` makes of a declaration. */
export interface Declared {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: Role;
  readonly frozen: boolean;
  readonly size: number;
}

/** A named array of trainable values and the gradient beside it. */
export class Parameter extends Marked {
  /** How many axes. */
  readonly ndim: number;
  /** Elements. */
  readonly size: number;
  /** The values, as a tensor for the functions of this package. */
  readonly value: View;
  /** The gradient, as a tensor for the functions of this package. */
  readonly gradient: View;
  #gradientScale: GradientScale;
  #frozen: boolean;

  /** @internal Use `runtime.parameters`. */
  constructor(
    /** The parameters it is one of. */
    readonly collection: Parameters,
    /** Its name, by which state is saved. */
    readonly name: string,
    /** Axes, outermost first. */
    readonly shape: readonly number[],
    /** What it is for, such as "embedding" or "bias". */
    readonly role: Role,
    frozen: boolean,
    values: Block,
    gradients: Block,
    offset: number,
    gradientScale: GradientScale,
  ) {
    super();
    this.value = new View(collection.engine, values, offset, shape, "f32", collection);
    this.gradient = new View(collection.engine, gradients, offset, shape, "f32", collection);
    this.ndim = shape.length;
    this.size = this.value.size;
    this.#gradientScale = gradientScale;
    this.#frozen = frozen;
  }

  /** The values in place, row-major. Read it anew after anything that may allocate: see `View.data`. */
  get data(): Float32Array {
    return this.value.data;
  }

  /** The gradient in place, row-major. Read it anew after anything that may allocate: see `View.data`. */
  get grad(): Float32Array {
    return this.gradient.data;
  }

  /** Whether steps leave this parameter alone. May be changed at any time. */
  get frozen(): boolean {
    return this.#frozen;
  }

  set frozen(frozen: boolean) {
    checkBoolean(`${this.name}.frozen`, frozen);
    if (frozen === this.#frozen) return;
    this.#frozen = frozen;
    this.collection.changes++;
  }

  /** The clipping that waits for the next step, which uses it and forgets it. */
  get clipping(): Clipping | undefined {
    return this.#gradientScale.clipping;
  }

  /** @internal What the gradient is multiplied by as a step reads it. */
  get gradientScale(): GradientScale {
    return this.#gradientScale;
  }

  /** @internal */
  set gradientScale(scale: GradientScale) {
    if (scale === this.#gradientScale) return;
    this.#gradientScale = scale;
    this.collection.changes++;
  }
}

/**
 * Parameters by name. All values lie in one arena and all gradients in another, tightly packed in the order given, so
 * that a step is one kernel call for each run of neighbours that share a group.
 */
export class Parameters extends Marked implements Iterable<Parameter> {
  /** @internal The memory and the kernels. */
  readonly engine: Engine;
  /** Elements of all parameters together. */
  readonly size: number;
  /** @internal Counts whatever makes an optimizer look at every parameter again: freezing, scaling apart, disposal. */
  changes = 0;
  /** @internal What gradients are multiplied by: the scales that the parameters share. */
  readonly gradientScales: GradientScale[] = [];
  readonly #values: Block;
  readonly #gradients: Block;
  readonly #byName: ReadonlyMap<string, Parameter>;

  /** @internal Use `runtime.parameters`. */
  constructor(engine: Engine, declared: readonly Declared[]) {
    super();
    this.engine = engine;
    this.size = declared.reduce((sum, { size }) => sum + size, 0);
    const scale = new GradientScale(this.gradientScales, declared.length);
    this.#values = engine.heap.allocate(bytesOf("f32", this.size));
    try {
      this.#gradients = engine.heap.allocate(bytesOf("f32", this.size));
    } catch (error) {
      this.#values.release();
      throw error;
    }
    releaseWithOwner(this.#values, this);
    releaseWithOwner(this.#gradients, this);
    let offset = 0;
    const byName = new Map<string, Parameter>();
    for (const { name, shape, role, frozen, size } of declared) {
      byName.set(name, new Parameter(this, name, shape, role, frozen, this.#values, this.#gradients, offset, scale));
      offset += bytesOf("f32", size);
    }
    this.#byName = byName;
  }

  /** The parameter of that name; throws where there is none. */
  get(name: string): Parameter {
    return this.#byName.get(name) ?? refuse("name", name, `one of ${[...this.#byName.keys()].join(", ")}`);
  }

  /** Whether there is a parameter of this name. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The parameters of a role, or for which a predicate holds, in order. */
  where(which: Role | ((parameter: Parameter) => boolean)): Parameter[] {
    if (typeof which === "function") return [...this].filter(which);
    checkChoice("role", which, ROLES);
    return [...this].filter(({ role }) => role === which);
  }

  /** The parameters, in the order given. */
  [Symbol.iterator](): IterableIterator<Parameter> {
    return this.#byName.values();
  }

  /** Bytes of values and gradients. */
  get bytes(): number {
    return this.#values.bytes + this.#gradients.bytes;
  }

  /** Sets every gradient to 0 and forgets any pending clipping. */
  zeroGrad(): void {
    this.engine.unchecked.fill(this.first.gradient.pointer, this.size, 0);
    for (const scale of this.gradientScales) scale.clipping = undefined;
  }

  /** Frees values and gradients; any later use of them throws. */
  dispose(): void {
    this.changes++;
    this.#values.release();
    this.#gradients.release();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private get first(): Parameter {
    return this.#byName.values().next().value as Parameter;
  }
}

/** Parameters to act on: a whole collection, or some of one. */
export type Selection = Parameters | readonly Parameter[];

// Told by what no other object of this package has: to name the classes here would bring them, and tensors, into every
// bundle that has an optimizer in it, wherever its parameters come from.
const isCollection = (value: unknown): value is Parameters => value instanceof Marked && "gradientScales" in value;
const isParameter = (value: unknown): value is Parameter => value instanceof Marked && "gradientScale" in value;

/** The parameters of a selection, which must be live, distinct and of one runtime. */
export function selected(argument: string, selection: unknown): readonly Parameter[] {
  if (isCollection(selection)) {
    const all = [...selection];
    // Reading a pointer refuses a disposed collection.
    all[0]!.value.pointer;
    return all;
  }
  const list = selection;
  if (!Array.isArray(list) || !list.every(isParameter)) {
    refuse(argument, selection, "parameters, or a list of them such as params.where(...) gives");
  }
  const seen = new Set<Parameter>();
  for (const parameter of list) {
    if (seen.has(parameter)) refuse(argument, parameter.name, "each parameter once", "DUPLICATE_PARAMETER");
    if (parameter.collection.engine !== list[0]!.collection.engine) {
      refuse(argument, parameter.name, "parameters of one runtime", "FOREIGN_RUNTIME");
    }
    seen.add(parameter);
    parameter.value.pointer;
  }
  return list;
}
