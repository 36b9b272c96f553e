import { SimdOptimError } from "../core/check.ts";
import { sizeOf } from "../core/shape.ts";
import { ledger } from "../kernels/dry.ts";
import type { Engine } from "../kernels/engine.ts";
import { bytesOf, type ElementType } from "../memory/elementType.ts";
import { Block, Heap, releaseWithOwner } from "../memory/heap.ts";
import { View } from "./tensor.ts";

/** The first address that a heap gives out. */
const BASE = ledger().allocate(0).pointer;

/** A place and how many hold it, under whatever shapes. */
interface Held {
  readonly block: Block;
  readonly views: View<ElementType>[];
  holds: number;
}

/**
 * The tensors of a forward and backward pass, in one stretch of memory. Each is held by whoever still needs it, and its
 * place is free again when nobody does. Contents are not cleared. The same calls give the same places, hence the most
 * bytes at a time are known from a run in an arena that only counts.
 */
export class Arena {
  readonly engine: Engine;
  readonly #region: Block;
  #places = ledger();
  readonly #held = new Map<View<ElementType>, Held>();
  #count = 0;
  #peak = 0;

  /** An arena of `bytes`, or one that only counts. */
  constructor(engine: Engine, bytes?: number) {
    this.engine = engine;
    this.#region = bytes === undefined ? new Block(0, Infinity, () => {}) : engine.heap.allocate(bytes);
    if (bytes !== undefined) releaseWithOwner(this.#region, this);
  }

  /** Bytes that it spans. */
  get bytes(): number {
    return this.#region.bytes;
  }

  /** The most bytes that were in use at a time. */
  get peak(): number {
    return this.#peak;
  }

  /** Tensors in it now, each once whatever its shapes. */
  get count(): number {
    return this.#count;
  }

  owns(view: View<ElementType>): boolean {
    return this.#held.has(view);
  }

  /** A new tensor with arbitrary contents, held once. */
  take<T extends ElementType = "f32">(shape: readonly number[], type = "f32" as T): View<T> {
    const bytes = bytesOf(type, sizeOf(shape));
    const block = this.#places.allocate(bytes);
    const end = block.pointer - BASE + Heap.footprint(bytes);
    if (end > this.bytes) {
      block.release();
      throw new SimdOptimError("OUT_OF_MEMORY", `out of memory: a pass asked for more than the ${this.bytes} planned`);
    }
    this.#peak = Math.max(this.#peak, end);
    const view = new View(this.engine, this.#region, block.pointer - BASE, shape, type, this);
    this.#held.set(view, { block, views: [view], holds: 1 });
    this.#count++;
    return view;
  }

  /** A tensor of this arena under another shape: one more holds it. */
  reshape<T extends ElementType>(view: View<T>, shape: readonly number[]): View<T> {
    const held = this.#held.get(view);
    const reshaped = view.reshape(shape);
    if (held) {
      held.holds++;
      held.views.push(reshaped);
      this.#held.set(reshaped, held);
    }
    return reshaped;
  }

  /** How many hold a tensor of this arena; 0 for any other. */
  holds(view: View<ElementType>): number {
    return this.#held.get(view)?.holds ?? 0;
  }

  /** Holds a tensor once more. One that is not of this arena is left alone, here and in `release`. */
  retain(view: View<ElementType>): void {
    const held = this.#held.get(view);
    if (held) held.holds++;
  }

  /** Lets go of a tensor: the last to do so frees its place. */
  release(view: View<ElementType>): void {
    const held = this.#held.get(view);
    if (!held || --held.holds > 0) return;
    held.block.release();
    for (const shaped of held.views) this.#held.delete(shaped);
    this.#count--;
  }

  /** Frees everything in it. */
  clear(): void {
    this.#held.clear();
    this.#count = 0;
    this.#places = ledger();
  }

  /** Gives the memory back; the tensors of this arena throw from then on. */
  dispose(): void {
    this.clear();
    this.#region.release();
  }
}
