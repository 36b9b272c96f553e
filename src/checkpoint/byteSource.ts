import { refuse } from "../core/check.ts";

/** Bytes that can be read from anywhere. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /** Fills `target` with the bytes from `offset` on. */
  read(offset: number, target: Uint8Array): void | Promise<void>;
}

/** What files can be read from; of a stream, make a Blob: `await new Response(stream).blob()`. */
export type Readable = Uint8Array | ArrayBuffer | Blob | ByteSource;

/** Code that says what it wants to read, so that it is the same for sources that answer at once and that do not. */
export type Reading<T> = Generator<{ readonly offset: number; readonly target: Uint8Array }, T, void>;

/** The most that is read at once. */
const PIECE = 1 << 24;

/** Reads in pieces, so that what lies between source and target stays small. */
export function* readInto(offset: number, target: Uint8Array): Reading<void> {
  for (let done = 0; done < target.length; done += PIECE) {
    yield { offset: offset + done, target: target.subarray(done, done + PIECE) };
  }
}

function open(source: Readable): ByteSource {
  if (source instanceof ArrayBuffer) return open(new Uint8Array(source));
  if (source instanceof Uint8Array) {
    const size = source.length;
    const read = (offset: number, target: Uint8Array) => {
      // An array that is detached meanwhile has nothing left.
      if (source.length < size) refuse("source", `${source.length} bytes`, `the ${size} that there were`);
      target.set(source.subarray(offset, offset + target.length));
    };
    return { size, read };
  }
  if (typeof Blob !== "undefined" && source instanceof Blob) {
    const read = async (offset: number, target: Uint8Array) =>
      target.set(new Uint8Array(await source.slice(offset, offset + target.length).arrayBuffer()));
    return { size: source.size, read };
  }
  const { read, size } = (source ?? {}) as Partial<ByteSource>;
  if (typeof read === "function" && Number.isSafeInteger(size) && size! >= 0) return source as ByteSource;
  refuse("source", source, "a Uint8Array, an ArrayBuffer, a Blob, or an object with size and read");
}

/** Runs code that reads. */
export async function read<T>(source: Readable, start: (size: number) => Reading<T>): Promise<T> {
  const opened = open(source);
  const reading = start(opened.size);
  let next = reading.next();
  for (; !next.done; next = reading.next()) await opened.read(next.value.offset, next.value.target);
  return next.value;
}

/** Runs code that reads from a source that answers at once. */
export function readSync<T>(source: Uint8Array | ByteSource, start: (size: number) => Reading<T>): T {
  const opened = open(source);
  const reading = start(opened.size);
  let next = reading.next();
  for (; !next.done; next = reading.next()) opened.read(next.value.offset, next.value.target);
  return next.value;
}
