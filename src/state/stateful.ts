import { checkBoolean, checkFunction, checkInteger, checkKeys, describe, refuse } from "../core/check.ts";

/** Anything that holds state which can be saved and loaded: an optimizer, an average, an object of your own. */
export interface Stateful {
  /** A copy of the state: plain values, typed arrays, and lists and objects of them. */
  stateDict(options?: StateDictOptions): unknown;
  /** Takes over a saved state. Checks all of it before it changes anything. */
  loadStateDict(saved: never, options?: { strict?: boolean }): unknown;
  /**
   * Promises that `stateDict({ copy: false })` hands out the arrays themselves, and that `loadStateDict` takes a
   * `DeferredArray` for any of them, so that a checkpoint need not hold them twice.
   */
  readonly stateInPlace?: boolean;
}

/** Options of `stateDict`. */
export interface StateDictOptions {
  /** False for views of the arrays in place, good until memory grows; true, a copy, unless it is given. */
  copy?: boolean;
}

/** Whether `stateDict` is to copy. */
export function wantsCopy(options: StateDictOptions): boolean {
  checkKeys("stateDict", options, ["copy"]);
  const { copy = true } = options;
  checkBoolean("copy", copy);
  return copy;
}

export function isStateful(value: unknown): value is Stateful {
  const { stateDict, loadStateDict } = (value ?? {}) as Partial<Stateful>;
  return typeof stateDict === "function" && typeof loadStateDict === "function";
}

/** The state of something as it is, in place if it can be. */
export function stateOf(part: Stateful): unknown {
  return part.stateInPlace ? part.stateDict({ copy: false }) : part.stateDict();
}

/** A saved array that is still in its file: it is known where it is to go before it is read. */
export class DeferredArray {
  readonly #readInto: (target: Float32Array) => void;

  constructor(
    /** Elements. */
    readonly length: number,
    readInto: (target: Float32Array) => void,
  ) {
    checkInteger("length", length, "[0, inf)");
    checkFunction("readInto", readInto);
    this.#readInto = readInto;
  }

  /** Has the elements read into `target`, as many as there are, once everything in the file has been accepted. */
  readInto(target: Float32Array): void {
    if (!(target instanceof Float32Array)) refuse("target", target, "a Float32Array");
    this.#readInto(target);
  }
}

/** An array of a saved state: in memory, where float64 is rounded as it is taken, or still in its file. */
export type SavedArray = Float32Array | Float64Array | DeferredArray;

export function isSavedArray(value: unknown): value is SavedArray {
  return value instanceof Float32Array || value instanceof Float64Array || value instanceof DeferredArray;
}

/** Why an array of a file cannot be taken for a parameter of some shape, if the file says so. */
type Objection = (shape: readonly number[]) => string | undefined;

const objections = new WeakMap<object, Objection>();

/** Notes what a file has against some uses of an array, which does not show it. */
export function noteObjection<A extends object>(array: A, objection: Objection): A {
  objections.set(array, objection);
  return array;
}

/** Why a saved array cannot be taken for `length` elements that belong to a parameter of some shape, if it cannot. */
export function misfit(saved: unknown, length: number, shape: readonly number[]): string | undefined {
  const objection = objections.get(saved as object)?.(shape);
  if (objection !== undefined) return objection;
  if (!isSavedArray(saved)) return `got ${describe(saved)}, expected floats`;
  return saved.length === length ? undefined : `got ${saved.length} elements, expected ${length}`;
}

/** Fills an array from a saved one of the same length. */
export function fillFrom(saved: SavedArray, target: Float32Array): void {
  if (saved instanceof DeferredArray) saved.readInto(target);
  else target.set(saved);
}
