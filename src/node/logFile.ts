/** Files that grow while a run goes on, for Node and what is compatible with it. */
import { appendFileSync, closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { SimdOptimError } from "../check.ts";

/**
 * A file to append to, one whole record a call. A record is with the operating system when `write` returns, so that a
 * crash of the process loses nothing; `flush` waits until it is on the disk.
 */
export class LogFile {
  /** Where the file is. */
  readonly path: string;
  #handle: number | undefined;

  /** @internal Use `openLog` or `openEventFile`. */
  constructor(path: string, handle: number) {
    this.path = path;
    this.#handle = handle;
  }

  /** Appends a record. Needs no `this`: it may be handed to a sink as it is. */
  readonly write = (record: string | Uint8Array): void => {
    appendFileSync(this.#open(), record);
  };

  /** Writes what is still held back to the file. */
  flush(): void {
    fsyncSync(this.#open());
  }

  /** Flushes and closes; later writes throw. */
  close(): void {
    if (this.#handle === undefined) return;
    this.flush();
    closeSync(this.#handle);
    this.#handle = undefined;
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): number {
    if (this.#handle === undefined) throw new SimdOptimError("DISPOSED", `${this.path} has been closed`);
    return this.#handle;
  }
}

/**
 * Opens a file of lines to append to, made where there is none. A last line that a crash cut short is removed, so that what
 * follows does not run into it.
 */
export function openLog(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  const handle = openSync(path, "a+");
  ftruncateSync(handle, wholeLines(handle));
  return new LogFile(path, handle);
}

/** Bytes up to the end of the last whole line. */
function wholeLines(handle: number): number {
  const block = new Uint8Array(65536);
  let end = fstatSync(handle).size;
  while (end > 0) {
    const start = Math.max(0, end - block.length);
    const length = readSync(handle, block, 0, end - start, start);
    const newline = block.subarray(0, length).lastIndexOf(10);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

/**
 * Makes a new event file for `tensorBoard` in a folder of logs, by the name that TensorBoard expects. A run that is resumed
 * makes another beside the first: TensorBoard reads all of a folder, each up to where a crash cut it short.
 */
export function openEventFile(folder: string): LogFile {
  mkdirSync(folder, { recursive: true });
  const seconds = Math.floor(Date.now() / 1e3);
  for (let attempt = 0; ; attempt++) {
    const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${attempt}`);
    try {
      return new LogFile(path, openSync(path, "ax"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
