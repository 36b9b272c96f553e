import type { Pointer, Size } from "#wasm/kernels.js";
import { checkChoice, checkShape, describe, Marked, refuse, SimdOptimError } from "../core/check.ts";
import { sameShape, sizeOf } from "../core/shape.ts";
import type { Engine } from "../kernels/engine.ts";
import { arrayOn, bytesOf, ELEMENT_TYPES, type ElementArrays, type ElementType } from "../memory/elementType.ts";
import { ADDRESS_SPACE, type Block, releaseWithOwner } from "../memory/heap.ts";

/** What marks a target that counts for nothing, as in torch; a u32 tensor holds it as 2^32 - 100. */
export const IGNORED = -100;

/** Keeps the owner of memory alive for as long as anyone holds a typed array onto it. */
const owners = new WeakMap<ArrayBufferView, object>();

/** A shaped window onto linear memory that someone else owns. */
export class View<T extends ElementType = "f32"> extends Marked {
  /** @internal The memory and the kernels. */
  readonly engine: Engine;
  /** Axes, outermost first. */
  readonly shape: readonly number[];
  /** Elements. */
  readonly size: Size;
  /** The element type. */
  readonly type: T;
  readonly #block: Block;
  readonly #offset: number;
  readonly #owner: object;
  #array: ElementArrays[T] | undefined;

  constructor(engine: Engine, block: Block, offset: number, shape: readonly number[], type: T, owner?: object) {
    super();
    this.engine = engine;
    this.shape = Object.freeze([...shape]);
    this.size = sizeOf(shape);
    this.type = type;
    this.#block = block;
    this.#offset = offset;
    this.#owner = owner ?? this;
  }

  /** The same elements under another shape of the same size. */
  reshape(shape: readonly number[]): View<T> {
    const size = checkShape("shape", shape);
    if (size !== this.size) refuse("shape", shape, `a shape of ${this.size} elements`, "SHAPE_MISMATCH");
    return new View(this.engine, this.#block, this.#offset, shape, this.type, this.#owner);
  }

  /** @internal Whether this is the same memory, under whatever shape. */
  sharesWith(other: View<ElementType>): boolean {
    return this.#block === other.#block && this.#offset === other.#offset;
  }

  /** The byte address; it does not move when memory grows. */
  get pointer(): Pointer {
    this.engine.heap.checkAlive();
    if (!this.#block.held) throw new SimdOptimError("DISPOSED", "this tensor has been disposed");
    return this.#block.pointer + this.#offset;
  }

  /**
   * The elements, row-major, in place: writes are seen by the kernels. Read the property anew after anything that may
   * allocate: when memory grows, views taken before have length 0, and writes to them vanish without an error. The view
   * keeps its memory from being given back; a view of the view, such as `data.subarray(...)`, does not.
   */
  get data(): ElementArrays[T] {
    const { pointer } = this;
    const { buffer } = this.engine.heap.views.u8;
    if (this.#array?.buffer !== buffer) {
      const array = arrayOn(this.type, buffer, pointer, this.size);
      owners.set(array, this.#owner);
      this.#array = array;
    }
    return this.#array;
  }
}

/** An array in linear memory with memory of its own. */
export class Tensor<T extends ElementType = "f32"> extends View<T> {
  readonly #block: Block;

  /** @internal Use `runtime.tensor`. */
  constructor(engine: Engine, shape: readonly number[], type: T) {
    checkChoice("type", type, ELEMENT_TYPES);
    const size = checkShape("shape", shape);
    checkRoom("shape", bytesOf(type, size), shape);
    const block = engine.heap.allocate(bytesOf(type, size));
    super(engine, block, 0, shape, type);
    this.#block = block;
    releaseWithOwner(block, this);
  }

  /** Frees the memory; any later use throws. */
  dispose(): void {
    this.#block.release();
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Refuses more bytes than linear memory could ever hold. */
export function checkRoom(argument: string, bytes: number, got: unknown): void {
  if (bytes > ADDRESS_SPACE) {
    refuse(argument, got, `at most ${ADDRESS_SPACE} bytes, which fill linear memory`, "OUT_OF_MEMORY");
  }
}

/** Refuses anything but a live view in `engine`, of the given type and, where it is given, shape. */
export function checkView<T extends ElementType>(
  argument: string,
  view: unknown,
  engine: Engine,
  type: T,
  shape?: readonly number[],
): asserts view is View<T> {
  // Only put into words where it is refused: every layer and loss calls this for every tensor.
  const expected = () => `a ${type} tensor${shape ? ` of shape ${describe(shape)}` : ""}`;
  if (!(view instanceof View)) refuse(argument, view, expected());
  if (view.engine !== engine)
    refuse(argument, "a tensor of another runtime", `${expected()} of the same runtime`, "FOREIGN_RUNTIME");
  if (view.type !== type) refuse(argument, `a ${view.type} tensor`, expected());
  if (shape && !sameShape(view.shape, shape)) {
    refuse(argument, view.shape, expected(), "SHAPE_MISMATCH");
  }
  // Reading the pointer refuses a disposed view.
  view.pointer;
}

/**
 * The memory and kernels of a float32 tensor; refuses anything else. A function that takes tensors begins with it, for
 * the one that says which runtime the others must be of is an argument as they are.
 */
export function engineOf(argument: string, view: unknown): Engine {
  if (!(view instanceof View)) refuse(argument, view, "a f32 tensor");
  checkView(argument, view, view.engine, "f32");
  return view.engine;
}

/** Refuses a tensor that is one of some others: what a call writes to it would change what it reads or writes there. */
export function checkApart(argument: string, view: View<ElementType>, others: Tensors): void {
  for (const [name, other] of Object.entries(others)) {
    if (other?.sharesWith(view)) refuse(argument, `the same memory as ${name}`, `memory apart from ${name}`);
  }
}

/** Refuses tensors to be written that are one of each other or of those that are read. */
export function checkDistinct(written: Tensors, read: Tensors = {}): void {
  for (const [name, view] of Object.entries(written)) {
    const { [name]: _, ...others } = { ...read, ...written };
    if (view) checkApart(name, view, others);
  }
}

/** Tensors by the names of their arguments; those left out are no matter. */
export type Tensors = Readonly<Record<string, View<ElementType> | null | undefined>>;
