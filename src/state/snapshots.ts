import { refuse, SimdOptimError } from "../core/check.ts";
import { type Block, type Heap, releaseWithOwner } from "../memory/heap.ts";

type TypedArray = Float32Array | Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;
type ArrayClass = new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray;

/** Where an array of a snapshot lies, in place of the array. */
class Stored {
  constructor(
    readonly type: ArrayClass,
    /** Bytes from the start of the snapshot's slot. */
    readonly offset: number,
    readonly length: number,
  ) {}
}

interface Entry {
  readonly slot: number;
  /** The state with a `Stored` for each array. */
  readonly outline: unknown;
}

const isTypedArray = (value: unknown): value is TypedArray => ArrayBuffer.isView(value) && !(value instanceof DataView);
const isStored = (value: unknown): value is Stored => value instanceof Stored;

/** A copy of plain data with `convert` of each leaf of a kind in its place. */
function replace<L>(
  value: unknown,
  isLeaf: (value: unknown) => value is L,
  convert: (leaf: L, path: string) => unknown,
  path = "",
): unknown {
  if (isLeaf(value)) return convert(value, path);
  if (Array.isArray(value)) return value.map((item, i) => replace(item, isLeaf, convert, `${path}[${i}]`));
  if (value === null || typeof value !== "object") return value;
  // Without a prototype, so that a parameter may have any name.
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(value)) copy[key] = replace(item, isLeaf, convert, `${path}.${key}`);
  return copy;
}

/** The arrays in plain data by path, as their type and length. */
function arraysOf(state: unknown): Map<string, string> {
  const arrays = new Map<string, string>();
  replace(state, isTypedArray, (array, path) => {
    arrays.set(path, `${array.constructor.name}[${array.length}]`);
  });
  return arrays;
}

/** Room for an array, so that the next one is aligned whatever its type. */
function room({ byteLength }: ArrayBufferView): number {
  return Math.ceil(byteLength / 8) * 8;
}

/**
 * The last few copies of a state that is plain data and typed arrays. The arrays lie in one block of linear memory that
 * is allocated at once, so that saving and restoring allocates none and leaves no garbage of that size.
 */
export class SnapshotRing<S> {
  readonly capacity: number;
  readonly #heap: Heap;
  readonly #block: Block;
  readonly #slotBytes: number;
  /** The arrays that every state must have. */
  readonly #arrays: ReadonlyMap<string, string>;
  /** Oldest first. */
  #entries: Entry[] = [];

  /** Makes room for `capacity` states that have the arrays of `template`. */
  constructor(heap: Heap, template: S, capacity: number) {
    this.capacity = capacity;
    this.#heap = heap;
    this.#slotBytes = SnapshotRing.bytes(template, 1);
    this.#arrays = arraysOf(template);
    this.#block = heap.allocate(capacity * this.#slotBytes);
    releaseWithOwner(this.#block, this);
  }

  /** The bytes that a ring for such states would allocate. */
  static bytes(template: unknown, capacity: number): number {
    let bytes = 0;
    replace(template, isTypedArray, (array) => {
      bytes += room(array);
    });
    return capacity * bytes;
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Copies the state here, in place of the oldest where the ring is full. */
  save(state: S): void {
    this.check("state", state);
    if (this.#entries.length === this.capacity) this.#entries.shift();
    const taken = new Set(this.#entries.map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot++;
    let offset = 0;
    const outline = replace(state, isTypedArray, (array) => {
      const stored = new Stored(array.constructor as ArrayClass, offset, array.length);
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      this.#heap.views.u8.set(bytes, this.#address(slot) + offset);
      offset += room(array);
      return stored;
    });
    this.#entries.push({ slot, outline });
  }

  /**
   * State `i`, oldest first. Arrays are views, which last until anything is saved or allocated; copies with `copy`.
   */
  at(i: number, { copy = false }: { copy?: boolean } = {}): S {
    const { slot, outline } = this.#entries[i]!;
    const { buffer } = this.#heap.views.u8;
    const start = this.#address(slot);
    return replace(outline, isStored, ({ type, offset, length }) => {
      const view = new type(buffer, start + offset, length);
      return copy ? view.slice() : view;
    }) as S;
  }

  /** Forgets all but the oldest `count`. */
  keep(count: number): void {
    this.#entries = this.#entries.slice(0, count);
  }

  /** Refuses a state whose arrays are not those that there is room for. */
  check(argument: string, state: unknown): void {
    const arrays = arraysOf(state);
    for (const path of new Set([...this.#arrays.keys(), ...arrays.keys()])) {
      const [got, expected] = [arrays.get(path), this.#arrays.get(path)];
      if (got !== expected) refuse(`${argument}${path}`, got, expected ?? "nothing", "STATE_MISMATCH");
    }
  }

  dispose(): void {
    this.#block.release();
  }

  #address(slot: number): number {
    if (!this.#block.held) throw new SimdOptimError("DISPOSED", "these snapshots have been disposed");
    return this.#block.pointer + slot * this.#slotBytes;
  }
}
