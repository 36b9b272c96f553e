import { checkBoolean, checkChoice, checkFunction, checkInteger, checkKeys, describe, refuse } from "../core/check.ts";
import { ELEMENT_TYPES, ELEMENTS, type ElementType, type TypedArray } from "../memory/elementType.ts";

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
  readonly #readInto: (target: TypedArray) => void;

  constructor(
    /** Elements. */
    readonly length: number,
    readInto: (target: TypedArray) => void,
    /** What they are in the file. */
    readonly type: ElementType = "f32",
  ) {
    checkInteger("length", length, "[0, inf)");
    checkFunction("readInto", readInto);
    checkChoice("type", type, ELEMENT_TYPES);
    this.#readInto = readInto;
  }

  /**
   * Has the elements read into `target`, as many as there are, once everything in the file has been accepted: as float32
   * into a Float32Array, or as they are in the file.
   */
  readInto(target: TypedArray): void {
    const { array } = ELEMENTS[this.type];
    if (!(target instanceof Float32Array || target instanceof array)) {
      refuse("target", target, `a Float32Array or ${array.name}`);
    }
    this.#readInto(target);
  }
}

/**
 * An array of a saved state: in memory, where float64 is rounded as float32 is taken, or still in its file. Slots of other
 * types have arrays of these.
 */
export type SavedArray = TypedArray | DeferredArray;

const types = new WeakMap<object, ElementType>();

/** Notes what the elements of an array are, where its class does not say it: a Uint16Array may hold bfloat16. */
export function noteType<A extends object>(array: A, type: ElementType): A {
  if (type !== "f32") types.set(array, type);
  return array;
}

/** What the elements of an array were noted to be. */
export function notedType(array: object): ElementType | undefined {
  return types.get(array);
}

/** Whether the elements of an array can be taken for those of a type: float32 is read from other floats, too. */
function holds(array: unknown, type: ElementType): array is SavedArray {
  if (array instanceof DeferredArray) return type === "f32" || array.type === type;
  if (type === "f32") return array instanceof Float32Array || array instanceof Float64Array;
  return array instanceof ELEMENTS[type].array && (types.get(array) ?? type) === type;
}

/** Why an array of a file cannot be taken for elements of a type that belong to a parameter of some shape. */
type Objection = (shape: readonly number[], type: ElementType) => string | undefined;

const objections = new WeakMap<object, Objection>();

/** Notes what a file has against some uses of an array, which does not show it. */
export function noteObjection<A extends object>(array: A, objection: Objection): A {
  objections.set(array, objection);
  return array;
}

/** Why a saved array cannot be taken for `length` elements that belong to a parameter of some shape, if it cannot. */
export function misfit(
  saved: unknown,
  length: number,
  shape: readonly number[],
  type: ElementType = "f32",
): string | undefined {
  const objection = objections.get(saved as object)?.(shape, type);
  if (objection !== undefined) return objection;
  if (!holds(saved, type)) return `got ${describe(saved)}, expected ${type === "f32" ? "floats" : type}`;
  return saved.length === length ? undefined : `got ${saved.length} elements, expected ${length}`;
}

/** Fills an array from a saved one of the same length. */
export function fillFrom(saved: SavedArray, target: TypedArray): void {
  if (saved instanceof DeferredArray) saved.readInto(target);
  // One is of numbers if the other is: `misfit` has seen to that.
  else target.set(saved as never);
}
