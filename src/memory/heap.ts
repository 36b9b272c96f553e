import { checkInteger, refuse, SimdOptimError } from "../core/check.ts";

/** Bytes of a page of linear memory. */
const PAGE = 65536;
/** The largest linear memory with 32-bit addresses. */
export const ADDRESS_SPACE = 65536 * PAGE;
/** Every block starts on a cache line, and so on a vector. */
const LINE = 64;
/**
 * Large blocks are padded so that arrays of equal size do not start at the same place modulo a page or a megabyte: a
 * step over four of them at 16 Mi parameters took 0.65-0.7 ns/parameter with the padding, 0.8-1.0 without.
 */
const LARGE = 1 << 20;
const STAGGER = 65536 + LINE;

/** Linear memory: a `WebAssembly.Memory`, or `PlainMemory` where there is no WebAssembly. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of zeros; old views are detached. Throws when it cannot. */
  grow(pages: number): unknown;
}

/** Linear memory in a plain ArrayBuffer. */
export class PlainMemory implements LinearMemory {
  buffer = new ArrayBuffer(0);

  grow(pages: number): void {
    const old = this.buffer;
    const grown = new ArrayBuffer(old.byteLength + pages * PAGE);
    new Uint8Array(grown).set(new Uint8Array(old));
    this.buffer = grown;
    // Detaches the old buffer, as WebAssembly does: a view that was kept reads as empty, never as stale.
    globalThis.structuredClone?.(old, { transfer: [old] });
  }
}

/** Views over the whole of linear memory; their owner replaces them whenever memory grows. */
export interface Views {
  u8: Uint8Array;
  u32: Uint32Array;
  f32: Float32Array;
  f64: Float64Array;
}

/** A stretch of linear memory, until it is released. */
export class Block {
  #held = true;
  readonly #free: (pointer: number) => void;

  constructor(
    readonly pointer: number,
    readonly bytes: number,
    free: (pointer: number) => void,
  ) {
    this.#free = free;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Gives the memory back; harmless the second time. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    forgotten.unregister(this);
    this.#free(this.pointer);
  }
}

interface Free {
  start: number;
  size: number;
}

const forgotten = new FinalizationRegistry<Block>((block) => block.release());

/** Releases the block when its owner is collected without having been disposed. */
export function releaseWithOwner(block: Block, owner: object): void {
  forgotten.register(owner, block, block);
}

/**
 * Allocates linear memory. The bookkeeping lives in JavaScript, outside the memory it describes, so the same allocator
 * gives the same pointers under every backend, no kernel can corrupt it, and a block may be as large as memory.
 */
export class Heap {
  /** Current views; read them anew after anything that may allocate. */
  readonly views: Views = {
    u8: new Uint8Array(),
    u32: new Uint32Array(),
    f32: new Float32Array(),
    f64: new Float64Array(),
  };
  /** Bytes in blocks now. */
  used = 0;
  /** The end of the highest block there has ever been: memory above it has never been written. */
  highWater = LINE;
  readonly #memory: LinearMemory;
  /** Bytes that memory spanned when the views were made. */
  #spanned = 0;
  /** Sizes of the live blocks, by pointer. */
  readonly #live = new Map<number, number>();
  /** The gaps between them below `#end`, by address, never adjacent. */
  readonly #gaps: Free[] = [];
  /** Everything from here on is free. Address 0 is never handed out. */
  #end = LINE;

  /** The most that memory may grow to: whole pages, for it grows by nothing less. */
  readonly maxBytes: number;
  #closed = false;

  constructor(memory: LinearMemory, maxBytes: number) {
    this.#memory = memory;
    this.maxBytes = Math.floor(maxBytes / PAGE) * PAGE;
    this.#refresh();
  }

  /** Bytes that linear memory spans now. */
  get capacity(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * Whether memory can no longer be used: closed, or its buffer taken by somebody, for a plain one, unlike that of
   * WebAssembly, can be transferred to a worker.
   */
  get lost(): boolean {
    return this.#closed || this.views.u8.length < this.#spanned;
  }

  /** Refuses to work once memory is lost. */
  checkAlive(): void {
    if (this.lost) throw new SimdOptimError("DISPOSED", "this runtime has been disposed or transferred");
  }

  /** Ends all use. */
  close(): void {
    this.#closed = true;
  }

  /** What a block of `bytes` takes: whole cache lines, and the padding of a large block. */
  static footprint(bytes: number): number {
    const lines = Math.ceil(Math.max(bytes, 1) / LINE) * LINE;
    return lines < LARGE ? lines : lines + STAGGER;
  }

  /** A block of zeros. */
  allocate(bytes: number): Block {
    checkInteger("bytes", bytes, `[0, ${ADDRESS_SPACE}]`);
    this.checkAlive();
    return new Block(this.#take(Heap.footprint(bytes), bytes), bytes, (pointer) => this.#give(pointer));
  }

  #take(size: number, asked: number): number {
    const position = this.#gaps.findIndex((gap) => gap.size >= size);
    const gap = this.#gaps[position];
    let pointer: number;
    if (gap) {
      pointer = gap.start;
      gap.start += size;
      gap.size -= size;
      if (gap.size === 0) this.#gaps.splice(position, 1);
    } else {
      pointer = this.#extend(size, asked);
    }
    this.views.u8.fill(0, pointer, Math.max(pointer, Math.min(pointer + size, this.highWater)));
    this.#live.set(pointer, size);
    this.used += size;
    this.highWater = Math.max(this.highWater, pointer + size);
    return pointer;
  }

  #extend(size: number, asked: number): number {
    const pointer = this.#end;
    const missing = pointer + size - this.capacity;
    if (missing > 0) {
      const refused = pointer + size > this.maxBytes ? "" : this.#grow(Math.ceil(missing / PAGE));
      if (refused !== undefined) {
        throw new SimdOptimError(
          "OUT_OF_MEMORY",
          `out of memory: asked for ${asked} bytes with ${this.used} in use and ${this.maxBytes} allowed${refused}`,
        );
      }
    }
    this.#end = pointer + size;
    return pointer;
  }

  /** Grows memory, by an eighth if there is room, so that many small blocks cost few growths. Returns why it could not. */
  #grow(needed: number): string | undefined {
    const room = Math.floor((this.maxBytes - this.capacity) / PAGE);
    const generous = Math.min(room, Math.max(needed, Math.floor(this.capacity / PAGE / 8)));
    for (const pages of new Set([generous, needed])) {
      if (pages > room) continue;
      try {
        this.#memory.grow(pages);
        this.#refresh();
        return undefined;
      } catch {
        // The host has less than the generous amount: try what is needed.
      }
    }
    return "; the host refused to grow memory";
  }

  #give(pointer: number): void {
    const size = this.#live.get(pointer);
    if (size === undefined) refuse("pointer", pointer, "a live block");
    this.#live.delete(pointer);
    this.used -= size;
    const next = this.#gaps.findIndex((gap) => gap.start > pointer);
    const position = next < 0 ? this.#gaps.length : next;
    this.#gaps.splice(position, 0, { start: pointer, size });
    this.#join(position);
    this.#join(position - 1);
    const last = this.#gaps.at(-1);
    if (last && last.start + last.size === this.#end) {
      this.#end = last.start;
      this.#gaps.pop();
    }
  }

  /** Joins gap i with the one after it if they touch. */
  #join(i: number): void {
    const gap = this.#gaps[i];
    const next = this.#gaps[i + 1];
    if (gap && next && gap.start + gap.size === next.start) {
      gap.size += next.size;
      this.#gaps.splice(i + 1, 1);
    }
  }

  #refresh(): void {
    const { buffer } = this.#memory;
    this.#spanned = buffer.byteLength;
    this.views.u8 = new Uint8Array(buffer);
    this.views.u32 = new Uint32Array(buffer);
    this.views.f32 = new Float32Array(buffer);
    this.views.f64 = new Float64Array(buffer);
  }
}
